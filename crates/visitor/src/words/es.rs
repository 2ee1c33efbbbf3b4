//! Spanish.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "es",
    dir: "ltr",
    refused: say(
        "Esta solicitud no se ha aceptado",
        "La protección del sitio ha rechazado esta solicitud. Si llegó aquí siguiendo un enlace o escribiendo una dirección, puede volver atrás e intentarlo de nuevo sin riesgo.",
    ),
    slow_down: say(
        "Demasiadas solicitudes",
        "Desde aquí han llegado más solicitudes de las que este sitio permite en poco tiempo. Espere un minuto y vuelva a intentarlo.",
    ),
    payment: say(
        "Este contenido tiene un precio",
        "A los lectores automáticos se les pide un pago por esta página. Póngase en contacto con el responsable del sitio para conocer las condiciones.",
    ),
    unavailable: say(
        "El sitio no responde",
        "En este momento no se puede acceder al servidor de esta dirección. Inténtelo de nuevo dentro de unos minutos.",
    ),
    bad_request: say(
        "Esta solicitud no se entiende",
        "Lo que ha llegado no era una solicitud completa e inequívoca, por lo que no se ha transmitido.",
    ),
    not_found: say("Aquí no hay nada", "No hay ninguna página en esta dirección."),
    about: say(
        "Este sitio está protegido",
        "Una pasarela del responsable del sitio observa las solicitudes para evitar abusos automatizados. Se fija en cómo se hacen las solicitudes, nunca en lo que usted escribe, y no comparte nada con terceros.",
    ),
    contact: "Si cree que se trata de un error, comuníqueselo al responsable del sitio e indique este número.",
    reference: "Número de referencia",
    challenge: Challenge {
        title: "Un momento, por favor",
        text: "Su navegador está haciendo una breve comprobación antes de abrir la página. No tiene que hacer nada; suele tardar uno o dos segundos.",
        working: "Comprobando…",
        done: "Listo. La página se está abriendo.",
        failed: say(
            "La comprobación no ha funcionado",
            "Inténtelo de nuevo. Si sigue fallando, indique al responsable del sitio el número y el código que aparecen abajo.",
        ),
        again: "Intentar de nuevo",
        cookies: "Este sitio recuerda la comprobación con una cookie que su navegador no ha guardado. Permita las cookies de este sitio e inténtelo de nuevo.",
        clock: "El reloj de este dispositivo o el del servidor no está en hora. Compruebe la fecha y la hora e inténtelo de nuevo.",
        unreachable: "La conexión se ha interrumpido. Compruébela e inténtelo de nuevo.",
        no_script: "JavaScript está desactivado o bloqueado. La comprobación también funciona sin él: espere unos segundos y pulse el botón.",
        go_on: "Continuar",
        code: "Código",
    },
};

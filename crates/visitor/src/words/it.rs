//! Italian.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "it",
    dir: "ltr",
    refused: say(
        "Questa richiesta non è stata accettata",
        "La protezione del sito ha rifiutato questa richiesta. Se è arrivato qui seguendo un link o digitando un indirizzo, può tornare indietro e riprovare senza rischi.",
    ),
    slow_down: say(
        "Troppe richieste",
        "Da qui sono arrivate più richieste di quante questo sito ne consenta in poco tempo. Attenda un minuto e riprovi.",
    ),
    payment: say(
        "Questo contenuto è a pagamento",
        "Ai lettori automatici è richiesto un pagamento per questa pagina. Per le condizioni si rivolga al gestore del sito.",
    ),
    unavailable: say(
        "Il sito non risponde",
        "Al momento il server dietro questo indirizzo non è raggiungibile. Riprovi tra qualche minuto.",
    ),
    bad_request: say(
        "Questa richiesta non è comprensibile",
        "Qui non è arrivata una richiesta completa e univoca, perciò non è stata inoltrata.",
    ),
    not_found: say("Qui non c’è nulla", "A questo indirizzo non c’è alcuna pagina."),
    about: say(
        "Questo sito è protetto",
        "Un gateway del gestore del sito osserva le richieste per tenere lontani gli abusi automatizzati. Guarda come vengono fatte le richieste, mai ciò che lei scrive, e non condivide nulla con terzi.",
    ),
    contact: "Se ritiene che si tratti di un errore, lo segnali al gestore del sito indicando questo numero.",
    reference: "Numero di riferimento",
    challenge: Challenge {
        title: "Un momento, per favore",
        text: "Il suo browser sta eseguendo un breve controllo prima di aprire la pagina. Non deve fare nulla; di solito bastano uno o due secondi.",
        working: "Controllo in corso…",
        done: "Fatto. La pagina si sta aprendo.",
        failed: say(
            "Il controllo non è riuscito",
            "Riprovi. Se il problema continua, comunichi al gestore del sito il numero e il codice qui sotto.",
        ),
        again: "Riprova",
        cookies: "Questo sito ricorda il controllo con un cookie che il suo browser non ha conservato. Consenta i cookie per questo sito e riprovi.",
        clock: "L’orologio di questo dispositivo o del server non è corretto. Controlli data e ora e riprovi.",
        unreachable: "La connessione si è interrotta. La controlli e riprovi.",
        no_script: "JavaScript è disattivato o bloccato. Il controllo funziona anche senza: attenda qualche secondo poi prema il pulsante.",
        go_on: "Continua",
        code: "Codice",
    },
};

//! Portuguese.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "pt",
    dir: "ltr",
    refused: say(
        "Este pedido não foi aceite",
        "A proteção do site recusou este pedido. Se chegou aqui por uma ligação ou escrevendo um endereço, pode voltar atrás e tentar de novo sem risco.",
    ),
    slow_down: say(
        "Demasiados pedidos",
        "Chegaram daqui mais pedidos do que este site permite em pouco tempo. Aguarde um minuto e tente novamente.",
    ),
    payment: say(
        "Este conteúdo tem um preço",
        "Aos leitores automáticos é pedido um pagamento por esta página. Contacte o responsável pelo site para saber as condições.",
    ),
    unavailable: say(
        "O site não responde",
        "De momento não é possível contactar o servidor deste endereço. Tente novamente dentro de alguns minutos.",
    ),
    bad_request: say(
        "Não é possível compreender este pedido",
        "O que chegou não era um pedido completo e inequívoco, por isso não foi encaminhado.",
    ),
    not_found: say("Não há nada aqui", "Não existe nenhuma página neste endereço."),
    about: say(
        "Este site está protegido",
        "Um gateway do responsável pelo site observa os pedidos para afastar abusos automatizados. Repara na forma como os pedidos são feitos, nunca no que escreve, e não partilha nada com terceiros.",
    ),
    contact: "Se acha que se trata de um engano, avise o responsável pelo site e indique este número.",
    reference: "Número de referência",
    challenge: Challenge {
        title: "Um momento, por favor",
        text: "O seu navegador está a fazer uma breve verificação antes de abrir a página. Não precisa de fazer nada; costuma demorar um ou dois segundos.",
        working: "A verificar…",
        done: "Concluído. A página está a abrir.",
        failed: say(
            "A verificação não foi concluída",
            "Tente novamente. Se continuar a falhar, indique ao responsável pelo site o número e o código abaixo.",
        ),
        again: "Tentar novamente",
        cookies: "Este site guarda a verificação num cookie que o seu navegador não conservou. Permita cookies para este site e tente novamente.",
        clock: "O relógio deste dispositivo ou do servidor não está certo. Verifique a data e a hora e tente novamente.",
        unreachable: "A ligação foi interrompida. Verifique-a e tente novamente.",
        no_script: "O JavaScript está desligado ou bloqueado. A verificação também funciona sem ele: aguarde alguns segundos e prima o botão.",
        go_on: "Continuar",
        code: "Código",
    },
};

//! The sentences of our pages, one table a language. Neutral: nobody is called a bot.

/// Title and text of one page.
#[derive(Clone, Copy, Debug)]
pub struct Sentence {
    /// The heading.
    pub title: &'static str,
    /// What happened and what to do.
    pub text: &'static str,
}

/// All sentences of one language.
#[derive(Debug)]
pub struct Words {
    /// Language tag (BCP 47).
    pub tag: &'static str,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    /// The request is refused.
    pub refused: Sentence,
    /// Too many requests.
    pub slow_down: Sentence,
    /// The page is for paying readers.
    pub payment: Sentence,
    /// The site does not answer.
    pub unavailable: Sentence,
    /// The request cannot be understood.
    pub bad_request: Sentence,
    /// Nothing is here.
    pub not_found: Sentence,
    /// What stands behind this address.
    pub about: Sentence,
    /// What to do about a mistake.
    pub contact: &'static str,
    /// The label of the reference number.
    pub reference: &'static str,
    /// The challenge page.
    pub challenge: Challenge,
}

/// What the challenge page says.
#[derive(Clone, Copy, Debug)]
pub struct Challenge {
    /// The heading while it works.
    pub title: &'static str,
    /// What happens.
    pub text: &'static str,
    /// Status: at work.
    pub working: &'static str,
    /// Status: the page that was asked for comes.
    pub done: &'static str,
    /// It did not succeed, for whatever reason.
    pub failed: Sentence,
    /// The button that tries again.
    pub again: &'static str,
    /// Cookies do not come back.
    pub cookies: &'static str,
    /// A clock is wrong.
    pub clock: &'static str,
    /// The connection broke.
    pub unreachable: &'static str,
    /// Without JavaScript.
    pub no_script: &'static str,
    /// The button that goes on without JavaScript.
    pub go_on: &'static str,
    /// The label of the reason code.
    pub code: &'static str,
}

const fn say(title: &'static str, text: &'static str) -> Sentence {
    Sentence { title, text }
}

/// Every language; the first is for everybody else.
pub const LANGUAGES: [&Words; 7] = [&ENGLISH, &GERMAN, &FRENCH, &SPANISH, &PORTUGUESE, &JAPANESE, &ARABIC];

/// Their tags, in the same order.
pub const TAGS: [&str; 7] = ["en", "de", "fr", "es", "pt", "ja", "ar"];

/// The words of the language tagged `tag`; English where there are none.
pub fn of(tag: Option<&str>) -> &'static Words {
    let found = tag.and_then(|tag| LANGUAGES.into_iter().find(|words| words.tag == tag));
    found.unwrap_or(&ENGLISH)
}

const ENGLISH_CHALLENGE: Challenge = Challenge {
    title: "One moment, please",
    text: "x",
    working: "x",
    done: "x",
    failed: say("x", "y"),
    again: "x",
    cookies: "x",
    clock: "x",
    unreachable: "x",
    no_script: "x",
    go_on: "x",
    code: "x",
};

const ENGLISH: Words = Words {
    tag: "en",
    dir: "ltr",
    refused: say(
        "This request was not let through",
        "The site's protection refused this request. If you came here by following a link or by typing an address, going back and trying again is safe.",
    ),
    slow_down: say(
        "Too many requests",
        "More requests arrived from here than this site allows in a short time. Please wait a minute and try again.",
    ),
    payment: say(
        "This content has a price",
        "Automated readers are asked to pay for this page. Please contact the operator of this site about terms.",
    ),
    unavailable: say(
        "The site does not answer",
        "The server behind this address cannot be reached at the moment. Please try again in a few minutes.",
    ),
    bad_request: say(
        "This request cannot be understood",
        "What arrived here was not a complete and unambiguous request, so it was not passed on.",
    ),
    not_found: say("Nothing is here", "There is no page at this address."),
    about: say(
        "This site is protected",
        "A gateway run by the operator of this site looks at requests to keep automated abuse away. It looks at how requests are made, never at what you type, and shares nothing with third parties.",
    ),
    contact: "If you think this is a mistake, please tell the operator of this site and give them this number.",
    reference: "Reference number",
    challenge: ENGLISH_CHALLENGE,
};

const GERMAN: Words = Words {
    tag: "de",
    dir: "ltr",
    refused: say(
        "Diese Anfrage wurde nicht durchgelassen",
        "Der Schutz dieser Website hat die Anfrage abgelehnt. Wenn Sie einem Link gefolgt sind oder eine Adresse eingegeben haben, können Sie gefahrlos zurückgehen und es noch einmal versuchen.",
    ),
    slow_down: say(
        "Zu viele Anfragen",
        "Von hier kamen in kurzer Zeit mehr Anfragen, als diese Website erlaubt. Bitte warten Sie eine Minute und versuchen Sie es dann erneut.",
    ),
    payment: say(
        "Dieser Inhalt hat einen Preis",
        "Automatische Leser werden gebeten, für diese Seite zu bezahlen. Bitte wenden Sie sich wegen der Bedingungen an den Betreiber der Website.",
    ),
    unavailable: say(
        "Die Website antwortet nicht",
        "Der Server hinter dieser Adresse ist im Moment nicht erreichbar. Bitte versuchen Sie es in einigen Minuten noch einmal.",
    ),
    bad_request: say(
        "Diese Anfrage ist nicht verständlich",
        "Hier ist keine vollständige und eindeutige Anfrage angekommen; sie wurde deshalb nicht weitergegeben.",
    ),
    not_found: say("Hier ist nichts", "Unter dieser Adresse gibt es keine Seite."),
    about: say(
        "Diese Website ist geschützt",
        "Ein Gateway des Betreibers betrachtet Anfragen, um automatischen Missbrauch fernzuhalten. Es achtet darauf, wie Anfragen gestellt werden, nie darauf, was Sie eingeben, und gibt nichts an Dritte weiter.",
    ),
    contact: "Wenn Sie das für einen Irrtum halten, sagen Sie es bitte dem Betreiber der Website und nennen Sie diese Nummer.",
    reference: "Vorgangsnummer",
    challenge: ENGLISH_CHALLENGE,
};

const FRENCH: Words = Words {
    tag: "fr",
    dir: "ltr",
    refused: say(
        "Cette requête n’a pas été acceptée",
        "La protection du site a refusé cette requête. Si vous avez suivi un lien ou saisi une adresse, vous pouvez revenir en arrière et réessayer sans risque.",
    ),
    slow_down: say(
        "Trop de requêtes",
        "Le nombre de requêtes venues d’ici dépasse ce que ce site autorise en peu de temps. Veuillez patienter une minute, puis réessayer.",
    ),
    payment: say(
        "Ce contenu est payant",
        "Les lecteurs automatiques sont invités à payer pour cette page. Veuillez contacter l’exploitant du site pour connaître les conditions.",
    ),
    unavailable: say(
        "Le site ne répond pas",
        "Le serveur derrière cette adresse est injoignable pour le moment. Veuillez réessayer dans quelques minutes.",
    ),
    bad_request: say(
        "Cette requête est incompréhensible",
        "Ce qui est arrivé ici n’était pas une requête complète et sans ambiguïté ; elle n’a donc pas été transmise.",
    ),
    not_found: say("Il n’y a rien ici", "Aucune page ne se trouve à cette adresse."),
    about: say(
        "Ce site est protégé",
        "Une passerelle gérée par l’exploitant du site examine les requêtes pour écarter les abus automatisés. Elle regarde la manière dont les requêtes sont faites, jamais ce que vous saisissez, et ne transmet rien à des tiers.",
    ),
    contact: "Si vous pensez qu’il s’agit d’une erreur, veuillez le signaler à l’exploitant du site en indiquant ce numéro.",
    reference: "Numéro de référence",
    challenge: ENGLISH_CHALLENGE,
};

const SPANISH: Words = Words {
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
    challenge: ENGLISH_CHALLENGE,
};

const PORTUGUESE: Words = Words {
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
    challenge: ENGLISH_CHALLENGE,
};

const JAPANESE: Words = Words {
    tag: "ja",
    dir: "ltr",
    refused: say(
        "このリクエストは許可されませんでした",
        "サイトの保護機能がこのリクエストを受け付けませんでした。リンクやアドレスの入力からここに来た場合は、前のページに戻ってもう一度お試しいただいて問題ありません。",
    ),
    slow_down: say(
        "リクエストが多すぎます",
        "短時間に、このサイトの許容量を超えるリクエストが届きました。1分ほど待ってから、もう一度お試しください。",
    ),
    payment: say(
        "このコンテンツは有料です",
        "自動アクセスによるこのページの閲覧には料金が必要です。条件については、サイトの運営者にお問い合わせください。",
    ),
    unavailable: say(
        "サイトが応答しません",
        "現在、このアドレスのサーバーに接続できません。数分後にもう一度お試しください。",
    ),
    bad_request: say(
        "リクエストを理解できません",
        "完全で明確なリクエストではなかったため、転送されませんでした。",
    ),
    not_found: say("ここには何もありません", "このアドレスにページはありません。"),
    about: say(
        "このサイトは保護されています",
        "自動化された不正利用を防ぐため、サイト運営者のゲートウェイがリクエストを確認しています。確認するのはリクエストの送られ方だけで、入力内容を見ることはなく、第三者に情報を渡すこともありません。",
    ),
    contact: "誤りと思われる場合は、サイトの運営者にこの番号をお知らせください。",
    reference: "照会番号",
    challenge: ENGLISH_CHALLENGE,
};

const ARABIC: Words = Words {
    tag: "ar",
    dir: "rtl",
    refused: say(
        "لم يُسمح بمرور هذا الطلب",
        "رفضت حماية الموقع هذا الطلب. إذا وصلت إلى هنا عبر رابط أو بكتابة عنوان، فيمكنك الرجوع والمحاولة مرة أخرى دون أي ضرر.",
    ),
    slow_down: say(
        "عدد الطلبات كبير جدًا",
        "وصل من هنا خلال وقت قصير عدد من الطلبات يفوق ما يسمح به هذا الموقع. يُرجى الانتظار دقيقة ثم المحاولة مرة أخرى.",
    ),
    payment: say(
        "هذا المحتوى مدفوع",
        "يُطلب من القرّاء الآليين الدفع مقابل هذه الصفحة. يُرجى التواصل مع مشغّل الموقع لمعرفة الشروط.",
    ),
    unavailable: say(
        "الموقع لا يستجيب",
        "يتعذّر الوصول حاليًا إلى الخادم الموجود خلف هذا العنوان. يُرجى المحاولة مرة أخرى بعد بضع دقائق.",
    ),
    bad_request: say("تعذّر فهم هذا الطلب", "ما وصل إلى هنا لم يكن طلبًا كاملًا وواضحًا، لذلك لم يُمرَّر."),
    not_found: say("لا يوجد شيء هنا", "لا توجد صفحة في هذا العنوان."),
    about: say(
        "هذا الموقع محمي",
        "تفحص بوابة يديرها مشغّل الموقع الطلبات لإبعاد إساءة الاستخدام الآلية. وهي تنظر إلى طريقة إرسال الطلبات، لا إلى ما تكتبه، ولا تشارك أي شيء مع أطراف أخرى.",
    ),
    contact: "إذا كنت تعتقد أن هذا خطأ، فيُرجى إبلاغ مشغّل الموقع وذكر هذا الرقم.",
    reference: "الرقم المرجعي",
    challenge: ENGLISH_CHALLENGE,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_everything() {
        for (words, tag) in LANGUAGES.into_iter().zip(TAGS) {
            assert_eq!((words.tag, of(Some(tag)).tag), (tag, tag));
            let sentences = [
                words.refused,
                words.slow_down,
                words.payment,
                words.unavailable,
                words.bad_request,
                words.not_found,
                words.about,
            ];
            assert!(sentences.iter().all(|s| !s.title.is_empty() && s.text.len() > s.title.len()), "{tag}");
            assert!(!words.contact.is_empty() && !words.reference.is_empty(), "{tag}");
        }
        assert_eq!(of(Some("xx")).tag, "en");
        assert_eq!(of(None).tag, "en");
    }
}

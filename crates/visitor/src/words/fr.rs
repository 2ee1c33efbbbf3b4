//! French.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
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
    challenge: Challenge {
        title: "Un instant, s’il vous plaît",
        text: "Votre navigateur effectue une courte vérification avant l’ouverture de la page. Vous n’avez rien à faire ; cela prend en général une ou deux secondes.",
        working: "Vérification en cours…",
        done: "Terminé. La page s’ouvre.",
        failed: say(
            "La vérification n’a pas abouti",
            "Veuillez réessayer. Si le problème persiste, indiquez à l’exploitant du site le numéro et le code ci-dessous.",
        ),
        again: "Réessayer",
        cookies: "Ce site retient la vérification à l’aide d’un cookie que votre navigateur n’a pas conservé. Veuillez autoriser les cookies pour ce site, puis réessayer.",
        clock: "L’horloge de cet appareil ou du serveur n’est pas à l’heure. Veuillez vérifier la date et l’heure, puis réessayer.",
        unreachable: "La connexion a été interrompue. Veuillez la vérifier, puis réessayer.",
        no_script: "JavaScript est désactivé ou bloqué ici. La vérification fonctionne aussi sans lui : attendez quelques secondes puis appuyez sur le bouton.",
        go_on: "Continuer",
        code: "Code",
    },
};

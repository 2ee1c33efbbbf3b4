//! Polish.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "pl",
    dir: "ltr",
    refused: say(
        "To żądanie nie zostało przepuszczone",
        "Zabezpieczenie witryny odrzuciło to żądanie. Jeśli trafiono tu przez link lub wpisany adres, można bezpiecznie wrócić i spróbować ponownie.",
    ),
    slow_down: say(
        "Zbyt wiele żądań",
        "W krótkim czasie nadeszło stąd więcej żądań, niż ta witryna dopuszcza. Proszę odczekać minutę i spróbować ponownie.",
    ),
    payment: say(
        "Ta treść jest płatna",
        "Automatycznych czytelników prosimy o zapłatę za tę stronę. W sprawie warunków proszę skontaktować się z operatorem witryny.",
    ),
    unavailable: say(
        "Witryna nie odpowiada",
        "Serwer pod tym adresem jest w tej chwili nieosiągalny. Proszę spróbować ponownie za kilka minut.",
    ),
    bad_request: say(
        "Nie można zrozumieć tego żądania",
        "To, co tu dotarło, nie było pełnym i jednoznacznym żądaniem, dlatego nie zostało przekazane dalej.",
    ),
    not_found: say("Nic tu nie ma", "Pod tym adresem nie ma żadnej strony."),
    about: say(
        "Ta witryna jest chroniona",
        "Brama prowadzona przez operatora witryny przygląda się żądaniom, aby zapobiegać zautomatyzowanym nadużyciom. Zwraca uwagę na to, jak wysyłane są żądania, nigdy na to, co jest wpisywane, i niczego nie przekazuje osobom trzecim.",
    ),
    contact: "Jeśli to pomyłka, proszę zgłosić ją operatorowi witryny i podać ten numer.",
    reference: "Numer referencyjny",
    challenge: Challenge {
        title: "Chwileczkę",
        text: "Przed otwarciem strony przeglądarka wykonuje krótkie sprawdzenie. Nie trzeba nic robić; zwykle trwa to sekundę lub dwie.",
        working: "Trwa sprawdzanie…",
        done: "Gotowe. Strona się otwiera.",
        failed: say(
            "Sprawdzenie się nie powiodło",
            "Proszę spróbować ponownie. Jeśli problem się powtarza, proszę podać operatorowi witryny poniższy numer i kod.",
        ),
        again: "Spróbuj ponownie",
        cookies: "Ta witryna zapamiętuje sprawdzenie w pliku cookie, którego przeglądarka nie zachowała. Proszę zezwolić tej witrynie na pliki cookie i spróbować ponownie.",
        clock: "Zegar tego urządzenia lub serwera jest źle ustawiony. Proszę sprawdzić datę i godzinę i spróbować ponownie.",
        unreachable: "Połączenie zostało przerwane. Proszę je sprawdzić i spróbować ponownie.",
        no_script: "JavaScript jest tu wyłączony lub zablokowany. Sprawdzenie działa także bez niego: proszę poczekać kilka sekund a potem nacisnąć przycisk.",
        go_on: "Dalej",
        code: "Kod",
    },
};

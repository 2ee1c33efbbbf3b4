//! Turkish.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "tr",
    dir: "ltr",
    refused: say(
        "Bu istek kabul edilmedi",
        "Sitenin koruması bu isteği reddetti. Buraya bir bağlantıyla veya bir adres yazarak geldiyseniz geri dönüp yeniden denemenizde bir sakınca yok.",
    ),
    slow_down: say(
        "Çok fazla istek",
        "Buradan kısa sürede bu sitenin izin verdiğinden daha fazla istek geldi. Lütfen bir dakika bekleyip yeniden deneyin.",
    ),
    payment: say(
        "Bu içerik ücretlidir",
        "Otomatik okuyuculardan bu sayfa için ödeme istenir. Koşullar için lütfen sitenin işletmecisine başvurun.",
    ),
    unavailable: say(
        "Site yanıt vermiyor",
        "Bu adresin arkasındaki sunucuya şu anda ulaşılamıyor. Lütfen birkaç dakika sonra yeniden deneyin.",
    ),
    bad_request: say(
        "Bu istek anlaşılamıyor",
        "Buraya ulaşan, eksiksiz ve açık bir istek değildi; bu yüzden iletilmedi.",
    ),
    not_found: say("Burada bir şey yok", "Bu adreste bir sayfa bulunmuyor."),
    about: say(
        "Bu site korunuyor",
        "Site işletmecisinin ağ geçidi, otomatik kötüye kullanımı uzak tutmak için isteklere bakar. İsteklerin nasıl yapıldığına bakar, ne yazdığınıza asla bakmaz ve üçüncü taraflarla hiçbir şey paylaşmaz.",
    ),
    contact: "Bunun bir hata olduğunu düşünüyorsanız lütfen site işletmecisine bildirin ve bu numarayı verin.",
    reference: "Başvuru numarası",
    challenge: Challenge {
        title: "Bir dakika lütfen",
        text: "Sayfa açılmadan önce tarayıcınız kısa bir kontrol yapıyor. Bir şey yapmanız gerekmez; genellikle bir iki saniye sürer.",
        working: "Kontrol ediliyor…",
        done: "Tamam. Sayfa açılıyor.",
        failed: say(
            "Kontrol başarılı olmadı",
            "Lütfen yeniden deneyin. Yine olmazsa aşağıdaki numarayı ve kodu site işletmecisine bildirin.",
        ),
        again: "Yeniden dene",
        cookies: "Bu site kontrolü bir çerezle hatırlar, ancak tarayıcınız çerezi saklamadı. Lütfen bu site için çerezlere izin verip yeniden deneyin.",
        clock: "Bu cihazın veya sunucunun saati yanlış. Lütfen tarihi ve saati kontrol edip yeniden deneyin.",
        unreachable: "Bağlantı kesildi. Lütfen kontrol edip yeniden deneyin.",
        no_script: "JavaScript burada kapalı veya engellenmiş. Kontrol onsuz da çalışır: birkaç saniye bekleyin, sonra düğmeye basın.",
        go_on: "Devam et",
        code: "Kod",
    },
};

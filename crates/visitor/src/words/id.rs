//! Indonesian.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "id",
    dir: "ltr",
    refused: say(
        "Permintaan ini tidak diteruskan",
        "Perlindungan situs menolak permintaan ini. Jika Anda datang melalui tautan atau dengan mengetik alamat, Anda dapat kembali dan mencoba lagi dengan aman.",
    ),
    slow_down: say(
        "Terlalu banyak permintaan",
        "Dari sini datang lebih banyak permintaan daripada yang diizinkan situs ini dalam waktu singkat. Tunggu satu menit, lalu coba lagi.",
    ),
    payment: say(
        "Konten ini berbayar",
        "Pembaca otomatis diminta membayar untuk halaman ini. Untuk ketentuannya, hubungi pengelola situs.",
    ),
    unavailable: say(
        "Situs tidak menjawab",
        "Server di alamat ini sedang tidak dapat dihubungi. Coba lagi dalam beberapa menit.",
    ),
    bad_request: say(
        "Permintaan ini tidak dapat dipahami",
        "Yang sampai di sini bukan permintaan yang lengkap dan jelas, sehingga tidak diteruskan.",
    ),
    not_found: say("Tidak ada apa-apa di sini", "Tidak ada halaman di alamat ini."),
    about: say(
        "Situs ini dilindungi",
        "Gerbang milik pengelola situs memeriksa permintaan untuk mencegah penyalahgunaan otomatis. Yang diperiksa adalah cara permintaan dibuat, bukan apa yang Anda ketik, dan tidak ada yang dibagikan kepada pihak ketiga.",
    ),
    contact: "Jika menurut Anda ini keliru, beri tahu pengelola situs dan sebutkan nomor ini.",
    reference: "Nomor referensi",
    challenge: Challenge {
        title: "Mohon tunggu sebentar",
        text: "Peramban Anda melakukan pemeriksaan singkat sebelum halaman dibuka. Anda tidak perlu melakukan apa pun; biasanya hanya satu atau dua detik.",
        working: "Memeriksa…",
        done: "Selesai. Halaman sedang dibuka.",
        failed: say(
            "Pemeriksaan tidak berhasil",
            "Coba lagi. Jika tetap gagal, sampaikan nomor dan kode di bawah ini kepada pengelola situs.",
        ),
        again: "Coba lagi",
        cookies: "Situs ini mengingat pemeriksaan dengan cookie, tetapi peramban Anda tidak menyimpannya. Izinkan cookie untuk situs ini, lalu coba lagi.",
        clock: "Jam perangkat ini atau jam server tidak tepat. Periksa tanggal dan waktu, lalu coba lagi.",
        unreachable: "Koneksi terputus. Periksa koneksi, lalu coba lagi.",
        no_script: "JavaScript dimatikan atau diblokir di sini. Pemeriksaan tetap bisa tanpa JavaScript: tunggu beberapa detik, lalu tekan tombol.",
        go_on: "Lanjutkan",
        code: "Kode",
    },
};

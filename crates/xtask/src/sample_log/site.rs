//! The site: "Kiln & Leaf", tea and ceramics, a shop with a blog.

use super::rng::Rng;

/// Where it lives, without a slash.
pub(super) const ORIGIN: &str = "https://kiln-and-leaf.example";

pub(super) const PRODUCTS: [&str; 16] = [
    "ash-glaze-teapot",
    "celadon-cup",
    "gaiwan-white",
    "kyusu-black",
    "sencha-spring",
    "gyokuro-shade",
    "oolong-high-mountain",
    "pu-erh-cake-2019",
    "matcha-ceremonial",
    "chasen-whisk",
    "tenmoku-bowl",
    "tea-tray-oak",
    "salt-glaze-mug",
    "travel-set",
    "gift-box-small",
    "workshop-voucher",
];

pub(super) const POSTS: [&str; 14] = [
    "2026/06/a-glaze-that-would-not-melt",
    "2026/06/spring-harvest-notes",
    "2026/05/why-we-fire-at-night",
    "2026/05/water-for-green-tea",
    "2026/04/select-the-right-clay",
    "2026/04/a-teapot-for-one",
    "2026/03/drop-table-a-small-accident",
    "2026/03/how-to-season-a-yixing-pot",
    "2026/02/kiln-rebuild-part-2",
    "2026/01/kiln-rebuild-part-1",
    "2025/12/gifts-under-thirty",
    "2025/11/open-studio",
    "2025/10/first-frost-oolong",
    "2025/09/union-of-clay-and-ash",
];

pub(super) const SEARCHES: [&str; 8] = [
    "teapot",
    "green+tea",
    "matcha",
    "cup+%26+saucer",
    "gift",
    "o%27hara+bowl",
    "select+oolong",
    "kyusu+300ml",
];

/// Loaded once by every page, then kept by the browser.
pub(super) const SHELL: [(&str, u64); 6] = [
    ("/assets/site.4f2a9c.css", 18_204),
    ("/assets/shop.91bc02.js", 61_377),
    ("/assets/fonts/spectral-regular.woff2", 41_880),
    ("/assets/fonts/spectral-italic.woff2", 43_112),
    ("/images/logo.svg", 2_310),
    ("/images/paper-texture.webp", 9_004),
];

/// A page with the images on it.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) images: Vec<(String, u64)>,
}

fn image(path: String) -> (String, u64) {
    // The size belongs to the image, not to the visit.
    let sum = path.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    (path, 14_000 + sum % 52_000)
}

pub(super) fn home() -> Page {
    let products = PRODUCTS[..6].iter().map(|name| image(format!("/images/products/{name}-320.webp")));
    Page {
        path: "/".to_owned(),
        bytes: 14_822,
        images: products.chain([image("/images/hero-kiln-1280.webp".to_owned())]).collect(),
    }
}

pub(super) fn shop() -> Page {
    let images = PRODUCTS.iter().map(|name| image(format!("/images/products/{name}-320.webp"))).collect();
    Page { path: "/shop/".to_owned(), bytes: 19_440, images }
}

pub(super) fn product(name: &str) -> Page {
    let images = (1..=3).map(|n| image(format!("/images/products/{name}-{n}-960.webp"))).collect();
    Page { path: format!("/shop/{name}"), bytes: 11_000 + name.len() as u64 * 97, images }
}

pub(super) fn post(slug: &str) -> Page {
    let name = slug.rsplit('/').next().unwrap_or(slug);
    let images = (1..=4).map(|n| image(format!("/images/blog/{name}-{n}.webp"))).collect();
    Page { path: format!("/blog/{slug}"), bytes: 16_000 + slug.len() as u64 * 211, images }
}

pub(super) fn blog() -> Page {
    let images = POSTS[..5]
        .iter()
        .map(|slug| image(format!("/images/blog/{}-1.webp", slug.rsplit('/').next().unwrap_or(slug))))
        .collect();
    Page { path: "/blog/".to_owned(), bytes: 17_377, images }
}

fn plain(path: String, bytes: u64) -> Page {
    Page { path, bytes, images: Vec::new() }
}

/// Where a person goes next from anywhere.
pub(super) fn any(rng: &mut Rng) -> Page {
    match rng.below(20) {
        0..=1 => home(),
        2..=4 => shop(),
        5..=10 => product(rng.pick(&PRODUCTS)),
        11..=15 => post(rng.pick(&POSTS)),
        16 => blog(),
        17 => plain(format!("/search?q={}", rng.pick(&SEARCHES)), 8_450),
        18 => plain("/about".to_owned(), 7_212),
        _ => plain("/contact".to_owned(), 6_118),
    }
}

/// Where a person comes in.
pub(super) fn entry(rng: &mut Rng) -> Page {
    match rng.below(10) {
        0..=3 => home(),
        4..=6 => post(rng.pick(&POSTS)),
        7..=8 => product(rng.pick(&PRODUCTS)),
        _ => shop(),
    }
}

/// Every page, in the order of the site map.
pub(super) fn all() -> Vec<Page> {
    let products = PRODUCTS.iter().map(|name| product(name));
    let posts = POSTS.iter().map(|slug| post(slug));
    let fixed =
        ["/about", "/contact", "/delivery", "/returns", "/imprint"].map(|path| plain(path.to_owned(), 6_800));
    [home(), shop(), blog()].into_iter().chain(products).chain(posts).chain(fixed).collect()
}

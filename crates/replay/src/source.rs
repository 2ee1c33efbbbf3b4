//! Files, archives and standard input as chunks of whole lines.
//!
//! Owns: opening (plain, gzip with several members, zstd; by content, not by name), lines of bounded length, clear
//! errors. Memory: one chunk and one read buffer per source, whatever the file holds.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

/// Longest line that is looked at, in bytes; longer ones are skipped without being held.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// Hands out the lines of `path` one after another, whatever packs it; `-` is standard input. `take` gets each line's number,
/// from 1, and its bytes, or `None` for a line of more than `line_bytes_max`, which is not held. It says whether to go on.
/// What comes back says why reading ended early, or that the text is in an encoding that nothing can be read from.
///
/// # Errors
/// Where the file cannot be opened.
pub fn for_each_line(
    path: &Path,
    line_bytes_max: usize,
    mut take: impl FnMut(u64, Option<&[u8]>) -> ControlFlow<()>,
) -> Result<Option<String>, SourceError> {
    let (mut source, _) = Source::open(path, &Counter::default())?;
    source.line_bytes_max = line_bytes_max;
    while let Some(chunk) = source.next_chunk() {
        for (number, line) in chunk.lines() {
            let whole = match line {
                RawLine::Whole(bytes) => Some(bytes),
                RawLine::TooLong(_) => None,
            };
            if take(number, whole).is_break() {
                return Ok(source.warning);
            }
        }
    }
    Ok(source.warning)
}

/// Bytes of a chunk, about: enough lines that handing one to another thread costs nothing, small enough that a few
/// chunks of many files fit into memory.
const CHUNK_BYTES: usize = 512 * 1024;

/// Lines of a chunk at most: short and blank lines cost their place in it as well.
const CHUNK_LINES_MAX: usize = 16 * 1024;

/// Read buffer of a file on disk.
const READ_BYTES: usize = 128 * 1024;

/// A file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("{path}: no such file; check the path, or use - for standard input", path = .0.display())]
    Missing(PathBuf),
    /// It is a folder.
    #[error("{path} is a directory; name the files in it, as in {path}/*.log", path = .0.display())]
    Directory(PathBuf),
    /// It cannot be read.
    #[error("{path} cannot be read: {reason}; {}", what_to_do(.reason), path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
}

fn what_to_do(reason: &io::Error) -> &'static str {
    match is_out_of_files(reason) {
        true => "all files of a run are open at once: raise the limit with ulimit -n, or name fewer files",
        false => "check its permissions",
    }
}

/// EMFILE or ENFILE, which have the same numbers on every Unix we know and no stable [`io::ErrorKind`].
fn is_out_of_files(reason: &io::Error) -> bool {
    cfg!(unix) && matches!(reason.raw_os_error(), Some(23 | 24))
}

/// Some lines of one file, one after another. Lines that were too long are only counted.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The number of its first line, from 1.
    pub(crate) first_line: u64,
    bytes: Vec<u8>,
    lines: Vec<Stretch>,
}

/// Where a line lies in its chunk; `None` for one that was too long, of which only the beginning is there.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start: usize,
    end: usize,
    is_whole: bool,
}

/// A line as it was read, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawLine<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// The beginning of one that is longer than a line may be.
    TooLong(&'a [u8]),
}

impl Chunk {
    /// Its lines with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (u64, RawLine<'_>)> {
        self.lines.iter().zip(self.first_line..).map(|(stretch, number)| {
            let bytes = &self.bytes[stretch.start..stretch.end];
            (number, if stretch.is_whole { RawLine::Whole(bytes) } else { RawLine::TooLong(bytes) })
        })
    }
}

/// An open file.
pub(crate) struct Source {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    line_bytes_max: usize,
    lines_read: u64,
    /// Why reading ended early, or what nothing can be read from.
    warning: Option<String>,
    has_ended: bool,
}

/// Bytes taken from a file so far, shared with whoever draws a progress bar.
pub(crate) type Counter = Arc<AtomicU64>;

impl Source {
    /// Opens `path`; `-` is standard input. What is read is added to `counter`. Also gives the file's length, where
    /// it is a file.
    ///
    /// # Errors
    /// Where there is no such file, it is a folder, or the system refuses.
    pub(crate) fn open(path: &Path, counter: &Counter) -> Result<(Source, Option<u64>), SourceError> {
        if path == Path::new("-") {
            return Source::over(path, Box::new(io::stdin()), counter).map(|source| (source, None));
        }
        let meta = std::fs::metadata(path).map_err(|reason| failure(path, reason))?;
        if meta.is_dir() {
            return Err(SourceError::Directory(path.to_owned()));
        }
        let file = File::open(path).map_err(|reason| failure(path, reason))?;
        let length = meta.is_file().then_some(meta.len());
        Source::over(path, Box::new(file), counter).map(|source| (source, length))
    }

    /// Reads from `input` under the name `path`.
    pub(crate) fn over(
        path: &Path,
        input: Box<dyn Read + Send>,
        counter: &Counter,
    ) -> Result<Source, SourceError> {
        let counted = Counted { input, counter: Arc::clone(counter) };
        let mut raw = BufReader::with_capacity(READ_BYTES, counted);
        let input = decoder(&mut raw, path)?.attach(raw).map_err(|reason| failure(path, reason))?;
        Ok(Source {
            path: path.to_owned(),
            input,
            line_bytes_max: LINE_BYTES_MAX,
            lines_read: 0,
            warning: None,
            has_ended: false,
        })
    }

    /// The path it was opened under.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Lines read so far.
    pub(crate) fn lines_read(&self) -> u64 {
        self.lines_read
    }

    /// Why reading ended early, or why nothing in it can be read, in words.
    pub(crate) fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The next lines; `None` at the end. A read error ends the file with a warning: what came before it counts.
    pub(crate) fn next_chunk(&mut self) -> Option<Chunk> {
        let mut chunk = Chunk { first_line: self.lines_read + 1, ..Chunk::default() };
        while !self.has_ended && chunk.bytes.len() < CHUNK_BYTES && chunk.lines.len() < CHUNK_LINES_MAX {
            match self.read_line(&mut chunk) {
                Ok(true) => self.lines_read += 1,
                Ok(false) => self.has_ended = true,
                Err(error) => {
                    self.has_ended = true;
                    self.warning = Some(ended_early(self.lines_read, &error));
                }
            }
        }
        if let (1, Some(first)) = (chunk.first_line, chunk.lines.first())
            && is_utf16(&chunk.bytes[first.start..first.end])
        {
            self.warning = Some(UTF16.to_owned());
        }
        (!chunk.lines.is_empty()).then_some(chunk)
    }

    /// Appends one line to `chunk`; `false` at the end of the file. At most as much of it is held as a line may have.
    fn read_line(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        let start = chunk.bytes.len();
        let mut length = 0usize;
        loop {
            let result = self.input.fill_buf();
            let buffer = match result {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    chunk.bytes.truncate(start);
                    return Err(error);
                }
            };
            if buffer.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', buffer);
            let piece = &buffer[..end.unwrap_or(buffer.len())];
            let room = self.line_bytes_max.saturating_sub(length).min(piece.len());
            chunk.bytes.extend_from_slice(&piece[..room]);
            length = length.saturating_add(piece.len());
            let used = piece.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                push_line(chunk, start, length <= self.line_bytes_max);
                return Ok(true);
            }
        }
        // The last line of a file may lack its end.
        if length > 0 {
            push_line(chunk, start, length <= self.line_bytes_max);
        }
        Ok(length > 0)
    }
}

/// Notes the line that begins at `start`; of one that is not whole only the beginning stays.
fn push_line(chunk: &mut Chunk, start: usize, is_whole: bool) {
    if !is_whole {
        chunk.bytes.truncate(start + EXCERPT_BYTES);
    }
    let mut end = chunk.bytes.len();
    if is_whole && chunk.bytes[start..end].ends_with(b"\r") {
        end -= 1;
    }
    chunk.lines.push(Stretch { start, end, is_whole });
}

/// What is kept of a line that is too long, to show it.
const EXCERPT_BYTES: usize = 256;

fn ended_early(lines_read: u64, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("the archive is cut off after line {lines_read}"),
        _ => format!("reading stopped after line {lines_read}: {error}"),
    }
}

fn failure(path: &Path, reason: io::Error) -> SourceError {
    match reason.kind() {
        io::ErrorKind::NotFound => SourceError::Missing(path.to_owned()),
        io::ErrorKind::IsADirectory => SourceError::Directory(path.to_owned()),
        _ => SourceError::Unreadable { path: path.to_owned(), reason },
    }
}

/// How a file is packed, by its first bytes.
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

fn decoder(raw: &mut impl BufRead, path: &Path) -> Result<Packing, SourceError> {
    let start = raw.fill_buf().map_err(|reason| failure(path, reason))?;
    Ok(match start {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        // A frame (RFC 8878), or the skippable frame that seekable archives begin with.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        _ => Packing::Plain,
    })
}

impl Packing {
    fn attach(self, raw: impl BufRead + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
        Ok(match self {
            Packing::Plain => Box::new(raw),
            Packing::Gzip => Box::new(BufReader::with_capacity(READ_BYTES, MultiGzDecoder::new(raw))),
            Packing::Zstd => {
                let unpacked = zstd::stream::read::Decoder::with_buffer(raw)?;
                Box::new(BufReader::with_capacity(READ_BYTES, unpacked))
            }
        })
    }
}

/// What is said of a file in UTF-16.
const UTF16: &str = "UTF-16: convert it with iconv -f UTF-16 -t UTF-8";

/// Does a first line begin with UTF-16's mark, or as ASCII in UTF-16: every other byte is 0? Blocks of zeros alone, as a
/// crash leaves them, are no UTF-16.
fn is_utf16(start: &[u8]) -> bool {
    let is_wide = |pair: &[u8]| (pair[0] == 0) != (pair[1] == 0);
    match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        _ if start.len() >= 8 => start[..8].chunks_exact(2).all(is_wide),
        _ => false,
    }
}

/// Counts what is read.
struct Counted {
    input: Box<dyn Read + Send>,
    counter: Counter,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.counter.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> (Vec<(u64, String)>, Option<String>) {
        let input = Box::new(io::Cursor::new(bytes.to_vec()));
        let mut source = Source::over(Path::new("test"), input, &Counter::default()).unwrap();
        let mut lines = Vec::new();
        while let Some(chunk) = source.next_chunk() {
            lines.extend(chunk.lines().map(|(number, line)| match line {
                RawLine::Whole(bytes) => (number, String::from_utf8_lossy(bytes).into_owned()),
                RawLine::TooLong(bytes) => (number, format!("too long {}", bytes.len())),
            }));
        }
        (lines, source.warning().map(str::to_owned))
    }

    fn line(number: u64, text: &str) -> (u64, String) {
        (number, text.to_owned())
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn lines_of_another_length_are_handed_out_until_told_to_stop() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "one\n{}\nthree\nfour", "x".repeat(9)).unwrap();
        let mut seen = Vec::new();
        let warning = for_each_line(file.path(), 8, |number, line| {
            seen.push((number, line.map(|line| String::from_utf8_lossy(line).into_owned())));
            if number == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(warning, Ok(None)));
        assert_eq!(seen, [(1, Some("one".to_owned())), (2, None), (3, Some("three".to_owned()))]);
        let missing = for_each_line(Path::new("/nowhere/at-all"), 8, |_, _| ControlFlow::Continue(()));
        assert!(matches!(missing, Err(SourceError::Missing(_))));
    }

    #[test]
    fn lines_are_split_and_numbered() {
        assert_eq!(read(b"").0, []);
        assert_eq!(read(b"a\r\n\nb").0, [line(1, "a"), line(2, ""), line(3, "b")]);
    }

    #[test]
    fn a_long_line_is_not_held() {
        let text = format!("a\n{}\n{}\nb\n", "x".repeat(LINE_BYTES_MAX), "y".repeat(LINE_BYTES_MAX + 1));
        let lines = read(text.as_bytes()).0;
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[1].1.len(), LINE_BYTES_MAX);
        assert_eq!(lines[2], line(3, &format!("too long {EXCERPT_BYTES}")));
        assert_eq!(lines[3], line(4, "b"));
    }

    #[test]
    fn many_short_lines_are_many_chunks() {
        for text in ["\n".repeat(10 * CHUNK_LINES_MAX), "a\n".repeat(10 * CHUNK_LINES_MAX)] {
            let archive = Box::new(io::Cursor::new(gzip(&text)));
            let mut source = Source::over(Path::new("test"), archive, &Counter::default()).unwrap();
            let chunks: Vec<Chunk> = std::iter::from_fn(|| source.next_chunk()).collect();
            assert_eq!(chunks.len(), 10);
            for (at, chunk) in (0..).zip(&chunks) {
                assert_eq!(chunk.lines.len(), CHUNK_LINES_MAX);
                assert_eq!(chunk.first_line, 1 + at * CHUNK_LINES_MAX as u64);
            }
            assert_eq!(source.lines_read(), 10 * CHUNK_LINES_MAX as u64);
        }
    }

    #[test]
    fn utf16_is_called_so() {
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
        let texts: [Vec<u8>; 4] = [
            wide("\u{feff}192.0.2.1 - -\n", u16::to_le_bytes),
            wide("\u{feff}192.0.2.1 - -\n", u16::to_be_bytes),
            wide("192.0.2.1 - -\n", u16::to_le_bytes),
            wide("192.0.2.1 - -\n", u16::to_be_bytes),
        ];
        for text in &texts {
            assert_eq!(read(text).1.as_deref(), Some(UTF16));
        }
        for text in [&b"192.0.2.1 - - \0"[..], &[0; 64], b"\xef\xbb\xbf192.0.2.1", b"a", b""] {
            assert_eq!(read(text).1, None, "{text:?}");
        }
    }

    #[test]
    fn archives_are_known_by_their_content() {
        let members = [gzip("a\nb\n"), gzip("c\n")].concat();
        assert_eq!(read(&members).0, [line(1, "a"), line(2, "b"), line(3, "c")]);
        let frames = [zstd::encode_all(&b"a\n"[..], 1).unwrap(), zstd::encode_all(&b"b\n"[..], 1).unwrap()];
        assert_eq!(read(&frames.concat()).0, [line(1, "a"), line(2, "b")]);
    }

    #[test]
    fn a_cut_archive_gives_what_could_be_read() {
        let text: String = (0..20_000).map(|n| format!("line {n} {}\n", n * 7_919 % 104_729)).collect();
        for whole in [gzip(&text), zstd::encode_all(text.as_bytes(), 1).unwrap()] {
            let (lines, warning) = read(&whole[..whole.len() / 2]);
            assert!(lines.len() > 100 && lines.len() < 20_000, "{}", lines.len());
            assert!(warning.unwrap().contains("line"), "{}", lines.len());
        }
    }

    #[test]
    fn errors_name_the_file_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| match Source::open(path, &Counter::default()) {
            Ok(_) => panic!("opened {}", path.display()),
            Err(error) => error.to_string(),
        };
        assert!(message(folder.path()).contains("is a directory; name the files in it"));
        assert!(message(&folder.path().join("none.log")).contains("none.log: no such file"));
        let failed = |number| failure(Path::new("x.log"), io::Error::from_raw_os_error(number)).to_string();
        assert!(failed(24).contains("ulimit -n") && !failed(24).contains("permission"), "{}", failed(24));
        assert!(failed(13).ends_with("check its permissions"), "{}", failed(13));
    }
}

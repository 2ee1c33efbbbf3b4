//! Random exchanges: odd methods, targets and headers, bodies of every framing, answers of every class.

use super::message::{Fields, Framing};
use super::random::Random;

/// One exchange as it is meant.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Request,
    pub(crate) answer: Answer,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: Vec<u8>,
    pub(crate) minor: u8,
    pub(crate) headers: Fields,
    pub(crate) body: Body,
    /// Whether the client asks before it sends its body.
    pub(crate) expects: bool,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: &'static str,
    pub(crate) headers: Fields,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    None,
    Sized(Vec<u8>),
    Chunked {
        pieces: Vec<Vec<u8>>,
        trailers: Fields,
    },
    /// Until the connection ends.
    Closed(Vec<u8>),
}

const METHODS: &str = "GET GET GET HEAD POST POST PUT PATCH DELETE OPTIONS TRACE PROPFIND M-SEARCH QUERY PURGE get B!#$%&'*+-.^_|~0";

const TARGET: &str = "a page / // /./ /../ . %2F %2f %zz % %00 %0d%0a ; ;v=1 \\ @ :80 {x} [1] | ^ ~ ' !$&()*, + = é 日本 %c3%a9 %u0041";

const QUERY: &str = "a=1 & && = ? / %20 + %zz ` {} | \\ ' ; ü x[]=2 http://b.example/";

const NAMES: &str = "X-A x-a X-a X-B x_b Accept accept Cookie Cache-Control Via From Range Content-Language If-None-Match \
    X-!#$%&'*+.^`|~ Authorization User-Agent Warning Link";

const ANSWER_NAMES: &str = "Set-Cookie set-cookie Set-Cookie X-A x-a Vary Link Cache-Control ETag Via WWW-Authenticate \
    Server Age Location X-Powered-By Content-Language";

/// Separated by `_`: blanks are among them.
const VALUE: &str = "a_b=c_ _\t_, _;_\"q\"_*/*_gzip_ü_\\_%0a_(comment)_<x>_no-cache_max-age=0_0";

const TYPES: &str = "application/x-www-form-urlencoded application/json text/plain application/octet-stream";

const STATUSES: &str = "200 OK_200 Fine by me_201 Created_202 Accepted_203 Non-Authoritative Information_204 No Content_\
    205 Reset Content_206 Partial Content_226 IM Used_299 Odd_300 Multiple Choices_301 Moved Permanently_302 Found_\
    303 See Other_304 Not Modified_307 Temporary Redirect_308 Permanent Redirect_400 Bad Request_401 Unauthorized_\
    403 Forbidden_404 Not Found_409 Conflict_410 Gone_418 I'm a teapot_429 Too Many Requests_500 Internal Server Error_\
    451 Unavailable For Legal Reasons_502 Bad Gateway_503 Service Unavailable_511 Network Authentication Required_599 ";

impl Exchange {
    pub(crate) fn random(random: &mut Random) -> Self {
        let request = Request::random(random);
        let answer = Answer::random(random, request.method);
        Exchange { request, answer }
    }

    /// The head of the request. Trailers are for those who say that they want them (RFC 9110 section 6.5.1).
    pub(crate) fn head(&self, number: usize) -> Vec<u8> {
        self.request.head(number, !self.answer.body.trailers().is_empty())
    }
}

impl Request {
    pub(crate) fn random(random: &mut Random) -> Self {
        let method = random.word(METHODS);
        let target = match method {
            "OPTIONS" if random.once_in(2) => b"*".to_vec(),
            _ => target(random),
        };
        let minor = u8::from(!random.once_in(12));
        let mut headers = fields(random, NAMES, 12);
        let body = match method {
            "TRACE" => Body::None,
            "GET" | "HEAD" | "OPTIONS" if !random.once_in(6) => Body::None,
            // HTTP/1.0 has no chunks.
            _ if minor == 0 => Body::Sized(content(random)),
            _ => Body::random(random),
        };
        if !matches!(body, Body::None) && random.once_in(2) {
            headers.push(("Content-Type".to_owned(), random.word(TYPES).into()));
        }
        // Nobody asks before sending nothing.
        let expects = minor == 1 && !body.whole().is_empty() && random.once_in(8);
        Request { method, target, minor, headers, body, expects }
    }

    fn head(&self, number: usize, wants_trailers: bool) -> Vec<u8> {
        let mut head = format!("{} ", self.method).into_bytes();
        head.extend(&self.target);
        head.extend(
            format!(" HTTP/1.{}\r\nHost: shop.example\r\nX-Number: {number}\r\n", self.minor).bytes(),
        );
        if self.minor == 0 {
            head.extend(b"Connection: keep-alive\r\n");
        } else if wants_trailers {
            head.extend(b"TE: trailers\r\nConnection: TE\r\n");
        }
        if self.expects {
            head.extend(b"Expect: 100-continue\r\n");
        }
        write_fields(&self.headers, &mut head);
        self.body.say(&mut head);
        head.extend(b"\r\n");
        head
    }
}

impl Answer {
    fn random(random: &mut Random, method: &str) -> Self {
        let (status, reason) = random.part(STATUSES, '_').split_once(' ').unwrap();
        let status = status.parse().unwrap();
        let body = match status {
            204 => Body::None,
            // What a 200 would have brought is announced and does not come.
            304 if random.once_in(2) => Body::Sized(content(random)),
            304 => Body::None,
            205 => Body::Sized(Vec::new()),
            _ if random.once_in(5) && method != "HEAD" => Body::Closed(content(random)),
            _ => match Body::random(random) {
                Body::None => Body::Sized(Vec::new()),
                body => body,
            },
        };
        Answer { status, reason, headers: fields(random, ANSWER_NAMES, 10), body }
    }

    pub(crate) fn bytes(&self, method: &str) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} {}\r\n", self.status, self.reason).into_bytes();
        write_fields(&self.headers, &mut bytes);
        self.body.say(&mut bytes);
        bytes.extend(b"\r\n");
        if method != "HEAD" && !matches!(self.status, 204 | 304) {
            self.body.write(&mut bytes, &mut Random::new(u64::from(self.status)));
        }
        bytes
    }
}

impl Body {
    pub(crate) fn random(random: &mut Random) -> Self {
        match random.below(5) {
            0 => Body::None,
            1 | 2 => Body::Sized(content(random)),
            _ => {
                let mut rest = &content(random)[..];
                let mut pieces = Vec::new();
                let largest = *random.pick(&[1, 7, 4_096, 100_000]);
                while !rest.is_empty() {
                    // Not more than some hundred pieces.
                    let size = (1 + random.below(largest)).max(rest.len() / 200).min(rest.len());
                    pieces.push(rest[..size].to_vec());
                    rest = &rest[size..];
                }
                let trailers = match random.once_in(4) {
                    true => vec![
                        ("X-Sum".to_owned(), random.text("a b=c", ' ', 3)),
                        ("X-End".to_owned(), b"1".to_vec()),
                    ],
                    false => Vec::new(),
                };
                Body::Chunked { pieces, trailers }
            }
        }
    }

    pub(crate) fn whole(&self) -> Vec<u8> {
        match self {
            Body::None => Vec::new(),
            Body::Sized(bytes) | Body::Closed(bytes) => bytes.clone(),
            Body::Chunked { pieces, .. } => pieces.concat(),
        }
    }

    pub(crate) fn trailers(&self) -> Fields {
        let Body::Chunked { trailers, .. } = self else { return Vec::new() };
        lower(trailers)
    }

    pub(crate) fn framing(&self) -> Framing {
        match self {
            Body::None => Framing::Bare,
            Body::Sized(bytes) => Framing::Sized(bytes.len()),
            Body::Chunked { .. } => Framing::Chunked,
            Body::Closed(_) => Framing::Closed,
        }
    }

    /// The headers that frame it.
    fn say(&self, head: &mut Vec<u8>) {
        match self {
            Body::None => {}
            Body::Closed(_) => head.extend(b"Connection: close\r\n"),
            Body::Sized(bytes) => head.extend(format!("Content-Length: {}\r\n", bytes.len()).bytes()),
            Body::Chunked { trailers, .. } => {
                head.extend(b"Transfer-Encoding: chunked\r\n");
                if !trailers.is_empty() {
                    head.extend(b"Trailer: X-Sum, X-End\r\n");
                }
            }
        }
    }

    pub(crate) fn write(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let Body::Chunked { pieces, trailers } = self else { return bytes.extend(self.whole()) };
        for piece in pieces {
            let (zeros, extension) = (random.below(3), if random.once_in(8) { ";a=\"b\"" } else { "" });
            let size = match random.once_in(2) {
                true => format!("{:X}", piece.len()),
                false => format!("{:x}", piece.len()),
            };
            bytes.extend(format!("{}{size}{extension}\r\n", &"00"[..zeros]).bytes());
            bytes.extend(piece);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n");
        write_fields(trailers, bytes);
        bytes.extend(b"\r\n");
    }
}

fn target(random: &mut Random) -> Vec<u8> {
    let mut target = b"/".to_vec();
    target.extend(random.text(TARGET, ' ', 8));
    if random.once_in(2) {
        target.push(b'?');
        target.extend(random.text(QUERY, ' ', 6));
    }
    if random.once_in(50) {
        target.extend([b'x'; 6_000]);
    }
    target
}

/// Repeated ones among them, empty and long ones too.
fn fields(random: &mut Random, names: &str, most: usize) -> Fields {
    let mut fields = Vec::new();
    for _ in 0..random.below(most + 1) {
        let value = match random.below(40) {
            0 => Vec::new(),
            1 => vec![b'v'; 9_000],
            2 => random.bytes(9).into_iter().filter(|byte| *byte >= 0x80).collect(),
            _ => random.text(VALUE, '_', 6),
        };
        fields.push((random.word(names).to_owned(), value));
    }
    fields
}

/// Mostly short, up to a megabyte.
fn content(random: &mut Random) -> Vec<u8> {
    let most = *random.pick(&[1, 20, 20, 300, 300, 300, 5_000, 5_000, 70_000, 1 << 20]);
    let count = random.below(most + 1);
    if random.once_in(3) {
        b"user=a&x=%20;{\"y\":1}\r\n".iter().cycle().take(count).copied().collect()
    } else {
        random.bytes(count)
    }
}

fn write_fields(fields: &Fields, bytes: &mut Vec<u8>) {
    for (at, (name, value)) in fields.iter().enumerate() {
        bytes.extend(name.bytes());
        bytes.extend([&b": "[..], b":", b":\t ", b":  "][at % 4]);
        bytes.extend(value);
        bytes.extend([&b""[..], b" ", b"", b"\t"][at % 4]);
        bytes.extend(b"\r\n");
    }
}

pub(crate) fn lower(fields: &Fields) -> Fields {
    fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim_ascii().to_vec())).collect()
}

impl Exchange {
    /// The client can only see where the answer ends by the end of the connection.
    pub(crate) fn ends_connection(&self) -> bool {
        let closed = matches!(self.answer.body, Body::Closed(_) | Body::Chunked { .. });
        self.request.minor == 0 && closed
    }
}

//! How fast lines become records and facts, on one core. Budget: 400,000 combined lines per second, so that parsing
//! is a third of what a replayed line may cost at most.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use palisade_replay::formats::Format;

/// Lines of each run: enough that addresses and paths are not all in the first cache line.
const LINES: usize = 1_000;

/// Writes line number `n`.
type WriteLine = fn(usize) -> String;

fn combined(n: usize) -> String {
    format!(
        r#"192.0.2.{} - - [10/Oct/2023:13:55:{:02} +0200] "GET /articles/{n}/index.html?page={} HTTP/1.1" 200 {} "https://www.example/articles/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36""#,
        n % 250,
        n % 60,
        n % 7,
        n * 31
    )
}

fn nginx_json(n: usize) -> String {
    format!(
        r#"{{"time_iso8601":"2023-10-10T13:55:{:02}+02:00","remote_addr":"192.0.2.{}","request":"GET /articles/{n}/ HTTP/1.1","status":"200","body_bytes_sent":"{n}","http_referer":"","http_user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:118.0) Gecko/20100101 Firefox/118.0","http_host":"www.example"}}"#,
        n % 60,
        n % 250
    )
}

fn labelled(n: usize) -> String {
    format!(
        r#"{{"time_ms":{},"client":"192.0.2.{}","method":"GET","path":"/articles/{n}/","status":200,"user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:118.0) Gecko/20100101 Firefox/118.0","headers":[["Host","www.example"],["User-Agent","Mozilla/5.0 (X11; Linux x86_64; rv:118.0) Gecko/20100101 Firefox/118.0"],["Accept","*/*"],["Accept-Encoding","gzip"]],"label":"human"}}"#,
        1_696_939_200_000usize + n,
        n % 250
    )
}

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Elements(LINES as u64));
    let formats: [(Format, WriteLine); 3] =
        [(Format::Combined, combined), (Format::NginxJson, nginx_json), (Format::Labelled, labelled)];
    for (format, line) in formats {
        let lines: Vec<String> = (0..LINES).map(line).collect();
        let mut scratch = String::new();
        group.bench_function(format.name(), |b| {
            b.iter(|| {
                for line in &lines {
                    let record = Format::parse_any(black_box(line), Some(format), &mut scratch);
                    let record = record.expect("the lines above are of this format");
                    let headers = record.header_entries();
                    black_box(record.facts(&headers));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);

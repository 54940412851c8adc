//! Message boundaries, in memory.

use divan::{Bencher, black_box, counter::ItemsCount};
use socketserver_framing::{FrameReader, FrameWriter, Header, LineReader};
use std::io::BufRead;

const MESSAGES: usize = 1_000;
const SIZES: [usize; 3] = [16, 256, 4096];

fn frames(size: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut writer = FrameWriter::new(&mut wire, Header::U32Be);
    (0..MESSAGES).for_each(|_| writer.write_frame(&vec![b'x'; size]).expect("memory takes it"));
    wire
}

fn lines(size: usize) -> Vec<u8> {
    (0..MESSAGES).flat_map(|_| [vec![b'x'; size - 1], vec![b'\n']].concat()).collect()
}

#[divan::bench(args = SIZES)]
fn read_frames(bencher: Bencher<'_, '_>, size: usize) {
    let wire = frames(size);
    bencher.counter(ItemsCount::new(MESSAGES)).bench(|| {
        let mut reader = FrameReader::new(&wire[..], Header::U32Be);
        while let Some(frame) = reader.read_frame().expect("it is whole") {
            black_box(frame);
        }
    });
}

#[divan::bench(args = SIZES)]
fn write_frames(bencher: Bencher<'_, '_>, size: usize) {
    let payload = vec![b'x'; size];
    let mut wire = Vec::with_capacity(MESSAGES * (size + 4));
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        wire.clear();
        let mut writer = FrameWriter::new(&mut wire, Header::U32Be);
        (0..MESSAGES).for_each(|_| writer.write_frame(&payload).expect("memory takes it"));
    });
}

#[divan::bench(args = SIZES)]
fn read_lines(bencher: Bencher<'_, '_>, size: usize) {
    let wire = lines(size);
    bencher.counter(ItemsCount::new(MESSAGES)).bench(|| {
        let mut reader = LineReader::new(&wire[..]);
        while let Some(line) = reader.read_line().expect("it is whole") {
            black_box(line);
        }
    });
}

/// The measure: what the standard library does with the same bytes.
#[divan::bench(args = SIZES)]
fn read_lines_by_std(bencher: Bencher<'_, '_>, size: usize) {
    let wire = lines(size);
    let mut line = Vec::new();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut reader = &wire[..];
        while reader.read_until(b'\n', &mut line).expect("memory") > 0 {
            black_box(&line);
            line.clear();
        }
    });
}

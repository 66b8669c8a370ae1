//! Messages: one line of text, then the arrays that it announces, each a standard .npy record.
//!
//! ```text
//! ok epsilon=0 arrays=loss,dW1\n <npy of loss> <npy of dW1>
//! ```
//!
//! docs/protocol.md is the specification; this is its Rust reading, with the standard library alone.

use std::fmt;
use std::io::{self, BufRead, Read, Write};

const MAX_LINE: usize = 65536;
const MAX_HEADER: usize = 4096;
const MAX_DIMENSIONS: usize = 32;
/// Of the data of one message: more is refused before memory is taken.
const MAX_BYTES: usize = 1 << 33;
/// Elements that are turned into bytes, or back, at a time: small enough to stay in the cache.
const CHUNK: usize = 8192;

/// What arrived is not a message of the protocol, or the pipe broke. Says what was expected and what came.
#[derive(Debug)]
pub struct WireError(String);

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WireError {}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        WireError(format!("the pipe broke: {error}"))
    }
}

/// The elements of an array, in one of the dtypes that travel.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    Float64(Vec<f64>),
    Float32(Vec<f32>),
    Int32(Vec<i32>),
    Uint8(Vec<u8>),
}

/// An array as it travels: its elements row by row, or column by column where `fortran_order`.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub fortran_order: bool,
    pub data: Data,
}

/// Dtype and shape, for error messages.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let dtype = match self.data {
            Data::Float64(_) => "float64",
            Data::Float32(_) => "float32",
            Data::Int32(_) => "int32",
            Data::Uint8(_) => "uint8",
        };
        write!(f, "{dtype} {}", tuple(&self.shape))
    }
}

/// Free text by name, in order.
pub type Fields = Vec<(String, String)>;
/// Arrays by name, in order.
pub type Arrays = Vec<(String, Array)>;

/// A word (an operation, or the outcome of one), its fields, and its arrays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    pub word: String,
    pub fields: Fields,
    pub arrays: Arrays,
}

/// Writes the message; the caller flushes.
pub fn encode(sink: &mut impl Write, message: &Message) -> io::Result<()> {
    let mut line = message.word.clone();
    for (key, value) in &message.fields {
        line += &format!(" {key}={}", quote(value));
    }
    if !message.arrays.is_empty() {
        let names: Vec<_> = message.arrays.iter().map(|(name, _)| name.as_str()).collect();
        line += &format!(" arrays={}", names.join(","));
    }
    writeln!(sink, "{line}")?;
    message.arrays.iter().try_for_each(|(_, array)| write_array(sink, array))
}

fn write_array(sink: &mut impl Write, array: &Array) -> io::Result<()> {
    let descr = match array.data {
        Data::Float64(_) => "<f8",
        Data::Float32(_) => "<f4",
        Data::Int32(_) => "<i4",
        Data::Uint8(_) => "|u1",
    };
    let fortran_order = if array.fortran_order { "True" } else { "False" };
    let shape = tuple(&array.shape);
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran_order}, 'shape': {shape}, }}");
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    sink.write_all(b"\x93NUMPY\x01\x00")?;
    sink.write_all(&(length as u16).to_le_bytes())?;
    writeln!(sink, "{header:<width$}", width = length - 1)?;
    match &array.data {
        Data::Float64(values) => write_values(sink, values, f64::to_le_bytes),
        Data::Float32(values) => write_values(sink, values, f32::to_le_bytes),
        Data::Int32(values) => write_values(sink, values, i32::to_le_bytes),
        Data::Uint8(values) => write_values(sink, values, u8::to_le_bytes),
    }
}

fn write_values<T: Copy, const N: usize>(
    sink: &mut impl Write,
    values: &[T],
    bytes: impl Fn(T) -> [u8; N],
) -> io::Result<()> {
    let mut buffer = vec![[0; N]; values.len().min(CHUNK)];
    for chunk in values.chunks(CHUNK) {
        for (slot, &value) in buffer.iter_mut().zip(chunk) {
            *slot = bytes(value);
        }
        sink.write_all(buffer[..chunk.len()].as_flattened())?;
    }
    Ok(())
}

/// The next message, or None at a clean end of the stream.
pub fn decode(source: &mut impl BufRead) -> Result<Option<Message>, WireError> {
    let mut line = Vec::new();
    source.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let (mut message, names) = parse_line(&line)?;
    let mut max_bytes = MAX_BYTES;
    for name in names {
        let array = read_array(source, &name, &mut max_bytes)?;
        message.arrays.push((name, array));
    }
    Ok(Some(message))
}

fn parse_line(line: &[u8]) -> Result<(Message, Vec<String>), WireError> {
    let refuse = |expected: &str| WireError(format!("expected {expected}, came {}", show(line)));
    let text = line.strip_suffix(b"\n").ok_or_else(|| refuse("a line of at most 65536 bytes and a newline"))?;
    let text = std::str::from_utf8(text).map_err(|_| refuse("a line of UTF-8 text"))?;
    let mut parts = text.split(' ');
    let word = parts.next().unwrap_or_default();
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
        return Err(refuse("a line 'word key=value ...'"));
    }
    let mut message = Message { word: word.into(), ..Message::default() };
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        let (key, value) = part.split_once('=').ok_or_else(|| refuse("each field as key=value"))?;
        if key.is_empty() || !names.is_empty() || message.fields.iter().any(|(other, _)| other == key) {
            return Err(refuse("each field once, as key=value, and arrays last"));
        }
        if key == "arrays" {
            names = value.split(',').map(String::from).collect();
        } else {
            let value = unquote(value).ok_or_else(|| refuse("% to begin %XX, a byte of UTF-8 text"))?;
            message.fields.push((key.into(), value));
        }
    }
    if (0..names.len()).any(|i| names[i].is_empty() || names[..i].contains(&names[i])) {
        return Err(refuse("each array to have a name of its own"));
    }
    Ok((message, names))
}

fn read_array(source: &mut impl Read, name: &str, max_bytes: &mut usize) -> Result<Array, WireError> {
    let refuse = |what: String| WireError(format!("array {name}: {what}"));
    let mut magic = [0; 8];
    fill(source, name, &mut magic)?;
    let length = match &magic {
        b"\x93NUMPY\x01\x00" => {
            let mut length = [0; 2];
            fill(source, name, &mut length)?;
            u16::from_le_bytes(length) as usize
        }
        b"\x93NUMPY\x02\x00" => {
            let mut length = [0; 4];
            fill(source, name, &mut length)?;
            u32::from_le_bytes(length) as usize
        }
        _ => return Err(refuse(format!("expected an .npy record, beginning with \\x93NUMPY, came {}", show(&magic)))),
    };
    if length > MAX_HEADER {
        return Err(refuse(format!("expected a header of at most {MAX_HEADER} bytes, came one of {length}")));
    }
    let mut header = vec![0; length];
    fill(source, name, &mut header)?;
    let (descr, fortran_order, shape) = std::str::from_utf8(&header)
        .ok()
        .and_then(parse_header)
        .ok_or_else(|| refuse(format!("not a valid .npy header: {}", show(&header))))?;
    if shape.len() > MAX_DIMENSIONS {
        return Err(refuse(format!("expected at most {MAX_DIMENSIONS} dimensions, came shape {}", tuple(&shape))));
    }
    let item = match descr {
        "<f8" => 8,
        "|u1" => 1,
        _ => 4,
    };
    let bytes = shape.iter().try_fold(item, |bytes: usize, &n| bytes.checked_mul(n)).filter(|bytes| bytes <= max_bytes);
    let bytes = bytes.ok_or_else(|| {
        refuse(format!("expected at most {max_bytes} bytes of data, came shape {} of {descr}", tuple(&shape)))
    })?;
    *max_bytes -= bytes;
    let data = match descr {
        "<f8" => Data::Float64(read_values(source, name, bytes, f64::from_le_bytes)?),
        "<f4" => Data::Float32(read_values(source, name, bytes, f32::from_le_bytes)?),
        "<i4" => Data::Int32(read_values(source, name, bytes, i32::from_le_bytes)?),
        "|u1" => Data::Uint8(read_values(source, name, bytes, u8::from_le_bytes)?),
        _ => return Err(refuse(format!("expected dtype <f8, <f4, <i4 or |u1, came {descr}"))),
    };
    Ok(Array { shape, fortran_order, data })
}

/// The dtype, order and shape in `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`; None if it is no such.
fn parse_header(header: &str) -> Option<(&str, bool, Vec<usize>)> {
    let mut rest = header.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = rest.split_once(':')?;
        let after = after.trim_start();
        let end = if after.starts_with('(') { after.find(')')? + 1 } else { after.find(',').unwrap_or(after.len()) };
        let (value, after) = (after[..end].trim(), after[end..].trim_start());
        match (unquoted(key.trim())?, value) {
            ("descr", value) => descr = Some(unquoted(value)?),
            ("fortran_order", "True") => fortran_order = Some(true),
            ("fortran_order", "False") => fortran_order = Some(false),
            ("shape", value) => shape = Some(parse_shape(value)?),
            _ => return None,
        }
        rest = if after.is_empty() { after } else { after.strip_prefix(',')?.trim_start() };
    }
    Some((descr?, fortran_order?, shape?))
}

fn parse_shape(text: &str) -> Option<Vec<usize>> {
    let numbers = text.strip_prefix('(')?.strip_suffix(')')?.trim();
    if numbers.is_empty() {
        return Some(Vec::new());
    }
    let (first, rest) = numbers.split_once(',')?; // (3) is a number, (3,) a shape
    let rest = rest.trim().split_terminator(',');
    std::iter::once(first).chain(rest).map(|number| number.trim().parse().ok()).collect()
}

fn unquoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|&c| c == '\'' || c == '"')?;
    text[1..].strip_suffix(quote)
}

fn read_values<T, const N: usize>(
    source: &mut impl Read,
    name: &str,
    bytes: usize,
    value: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, WireError> {
    let count = bytes / N;
    let mut values = Vec::new();
    if let Err(error) = values.try_reserve_exact(count) {
        return Err(WireError(format!("array {name}: no memory for {bytes} bytes ({error})")));
    }
    let mut buffer = vec![[0; N]; count.min(CHUNK)];
    while values.len() < count {
        let chunk = (count - values.len()).min(CHUNK);
        fill(source, name, buffer[..chunk].as_flattened_mut())?;
        values.extend(buffer[..chunk].iter().map(|&bytes| value(bytes)));
    }
    Ok(values)
}

fn fill(source: &mut impl Read, name: &str, buffer: &mut [u8]) -> Result<(), WireError> {
    source.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            WireError(format!("array {name}: expected {} more bytes, the stream ended before", buffer.len()))
        }
        _ => error.into(),
    })
}

/// Spaces, percent signs, control characters and whatever is not ASCII become %XX.
fn quote(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'%' => "%25".into(),
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(byte).collect()
}

fn unquote(value: &str) -> Option<String> {
    let mut parts = value.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn tuple(shape: &[usize]) -> String {
    match shape {
        [n] => format!("({n},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn show(data: &[u8]) -> String {
    let more = if data.len() > 80 { "..." } else { "" };
    format!("'{}'{more}", data[..data.len().min(80)].escape_ascii())
}

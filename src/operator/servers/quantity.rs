//! Quantities of Kubernetes (`resource.Quantity`), which the API server writes in its own way: `0.5` as `500m`. Pure.

/// One, in billionths: the smallest part that a quantity can have.
const ONE: i128 = 1_000_000_000;

/// What a unit makes of one, in billionths.
fn unit(suffix: &str) -> Option<i128> {
    Some(match suffix {
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "" => ONE,
        "k" => ONE * 1_000,
        "M" => ONE * 1_000_000,
        "G" => ONE * 1_000_000_000,
        "T" => ONE * 1_000_000_000_000,
        "P" => ONE * 1_000_000_000_000_000,
        "E" => ONE * 1_000_000_000_000_000_000,
        "Ki" => ONE << 10,
        "Mi" => ONE << 20,
        "Gi" => ONE << 30,
        "Ti" => ONE << 40,
        "Pi" => ONE << 50,
        "Ei" => ONE << 60,
        _ => return None,
    })
}

/// A quantity in billionths; `None` if it is none, has smaller parts or an exponent.
fn read(text: &str) -> Option<i128> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || part.contains('.') {
        return None;
    }
    let all = digits.parse::<i128>().ok()?.checked_mul(unit(suffix)?)?;
    let scale = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    (all % scale == 0).then(|| all / scale)
}

/// Whether both say the same.
pub fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (read(one), read(other));
    one.is_some() && one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1000k", "1M"),
            ("8Ei", "8192Pi"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("0.5", "5"),
            ("1Gi", "1G"),
            ("", ""),
            ("1e3", "1e3"),
            ("x", "x"),
            ("1..5", "1..5"),
            ("99999999999999999999999E", "1"),
        ] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }
}

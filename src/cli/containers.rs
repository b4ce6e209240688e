//! How containers are opened: the words for their bounds.

use clap::Args;

use crate::container::Bounds;

/// How containers are opened.
#[derive(Debug, Args)]
#[command(next_help_heading = "Containers")]
pub struct ContainerArgs {
    /// Do not open archives and compressed files; their bytes are searched as they are
    #[arg(long, global = true)]
    pub no_containers: bool,

    /// Open no more of a file of which more than N times its size comes out, once 64 MiB have
    #[arg(long, value_name = "N", default_value_t = Bounds::default().expansion, value_parser = at_least_one(), global = true)]
    pub max_expansion: u64,

    /// Open no more of a file of which more than SIZE comes out in all: bytes, or with a unit such as MiB
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = parse_size, global = true)]
    pub max_unpacked: u64,

    /// Open no more of a file with more than N members in all
    #[arg(long, value_name = "N", default_value_t = Bounds::default().members, value_parser = at_least_one(), global = true)]
    pub max_members: u64,

    /// Open containers nested up to N deep
    #[arg(long, value_name = "N", default_value_t = Bounds::default().depth, value_parser = clap::value_parser!(u32).range(1..=64), global = true)]
    pub max_depth: u32,
}

fn at_least_one() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(1..)
}

/// A number of bytes, or of a unit of them: `KiB`, `MiB`, `GiB`, `TiB`, or the same without `iB`.
fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u32); 4] = [("k", 10), ("m", 20), ("g", 30), ("t", 40)];
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[digits.len()..].to_ascii_lowercase();
    let unit = unit.strip_suffix("ib").unwrap_or(&unit);
    let shift = match unit {
        "" | "b" => Some(0),
        unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, shift)| *shift),
    };
    let size = digits.parse::<u64>().ok().zip(shift).and_then(|(number, shift)| number.checked_mul(1 << shift));
    size.filter(|size| *size > 0).ok_or_else(|| "write it as bytes, or as in 64MiB or 4GiB".to_owned())
}

impl ContainerArgs {
    /// The bounds.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            expansion: self.max_expansion,
            total: self.max_unpacked,
            members: self.max_members,
            depth: self.max_depth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_with_units() {
        for (text, size) in
            [("1", 1), ("1024b", 1024), ("64MiB", 64 << 20), ("4g", 4 << 30), ("1TiB", 1 << 40), ("2K", 2048)]
        {
            assert_eq!(parse_size(text), Ok(size), "{text}");
        }
        for wrong in ["", "0", "MiB", "-1", "1.5GiB", "1xiB", "99999999999999999999", "17179869184GiB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_size("4GiB"), Ok(Bounds::default().total));
    }
}

//! Placeholders: texts with a key's shape that nobody issued.
//!
//! A secret is 32 random bytes. Each test below catches a way people invent one, and states the chance that it would
//! drop a real key; together they stay below 1e-8 (the tests in this file compute each chance exactly). Nothing but
//! the secret is looked at: "example" on the line, a README or a test folder prove nothing, since real leaks sit there.

use data_encoding::BASE64URL_NOPAD;

use crate::key::{SECRET_LEN, Secret};

/// A real secret has more distinct characters than this, but for a chance of 2.1e-12.
pub const FEW_DISTINCT: u32 = 16;
/// A real secret has no run this long of consecutive ASCII codes, up or down (chance 7.2e-10), and none this long of
/// one character (chance 5.3e-10).
pub const LONG_RUN: usize = 7;

/// Whether the secret is made up.
pub fn is_placeholder(secret: &Secret) -> bool {
    let secret = secret.expose();
    distinct(secret) <= FEW_DISTINCT
        || [-1, 0, 1].into_iter().any(|step| longest_run(secret, step) >= LONG_RUN)
        || is_one_case(secret)
        || decodes_to_printable(secret)
}

/// How many different characters there are. All are ASCII, so one bit each.
fn distinct(secret: &[u8; SECRET_LEN]) -> u32 {
    secret.iter().fold(0_u128, |seen, byte| seen | 1 << (byte & 0x7f)).count_ones()
}

/// The most characters in a row whose ASCII codes each lie exactly `step` above the last.
fn longest_run(secret: &[u8; SECRET_LEN], step: i16) -> usize {
    let mut longest = 1;
    let mut run = 1;
    for pair in secret.windows(2) {
        run = if i16::from(pair[1]) - i16::from(pair[0]) == step { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Whether there is no capital letter, or no small one: a chance of 3.7e-10.
fn is_one_case(secret: &[u8; SECRET_LEN]) -> bool {
    !secret.iter().any(u8::is_ascii_uppercase) || !secret.iter().any(u8::is_ascii_lowercase)
}

/// Whether all 32 bytes are printable ASCII, as when somebody encoded a sentence: a chance of (95/256)^32 = 1.7e-14.
fn decodes_to_printable(secret: &[u8; SECRET_LEN]) -> bool {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    BASE64URL_NOPAD.decode_mut(secret, bytes.as_mut_slice()).is_ok()
        && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{
        Key, SECRET_ENDS,
        generate::{Keys, base64url},
    };

    const ALPHABET: &[u8] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

    fn caught(secret: &str) -> bool {
        let key = Key::at_start(format!("hopx_live_{}.{secret}", Keys::new(1).id()).as_bytes())
            .expect("the made-up key has the shape");
        is_placeholder(&key.secret)
    }

    #[test]
    fn a_million_real_keys_are_kept() {
        let mut keys = Keys::new(0x00C0_FFEE);
        for _ in 0..1_000_000 {
            let text = keys.live();
            let key = Key::at_start(text.as_bytes()).expect("a generated key has the shape");
            assert!(!is_placeholder(&key.secret), "dropped the key with id {}", key.id);
        }
    }

    #[test]
    fn each_test_catches_at_its_edge_and_not_before() {
        // 16 and 17 distinct characters, no run.
        let few = |n: usize| -> String { (0..43).map(|i| char::from(b"AzCxEvGtIrKpMnOlQ"[i * 5 % n])).collect() };
        let end = |text: String| format!("{}A", &text[..42]);
        assert!(caught(&end(few(16))));
        assert!(!caught(&end(few(17))));

        let real = Keys::new(7).secret();
        let with = |part: &str| format!("{part}{}", &real[part.len()..]);
        assert!(caught(&with("abcdefg")) && !caught(&with("abcdef_")));
        assert!(caught(&with("7654321")) && !caught(&with("765432_")));
        assert!(caught(&with("kkkkkkk")) && !caught(&with("kkkkkk_")));

        let (small, capital) = (end(real.to_ascii_lowercase()), end(real.to_ascii_uppercase()));
        assert!(!caught(&small) && caught(&small.replace('A', "0")));
        assert!(caught(&capital) && !caught(&format!("{}c", &capital[..42])));

        let mut bytes = *b"this_is_a_fake_secret_for_tests!";
        assert!(caught(&base64url(&bytes)));
        bytes[31] = 0x7f;
        assert!(!caught(&base64url(&bytes)));
    }

    /// The chance that 43 characters, the last from 16 of the 64, show at most [`FEW_DISTINCT`] different ones.
    #[expect(clippy::cast_precision_loss, reason = "counts of 65 at most")]
    fn chance_few_distinct() -> f64 {
        // seen[d] = chance of d distinct after some characters; the last one, being from a quarter of the alphabet,
        // is no likelier to be new than any other, by symmetry over which quarter was met.
        let mut seen = [0.0_f64; SECRET_LEN + 2];
        seen[0] = 1.0;
        for _ in 0..SECRET_LEN {
            for d in (0..=SECRET_LEN).rev() {
                let old = seen[d] * d as f64 / 64.0;
                let new = if d == 0 { 0.0 } else { seen[d - 1] * (65 - d) as f64 / 64.0 };
                seen[d] = old + new;
            }
        }
        seen[..=FEW_DISTINCT as usize].iter().sum()
    }

    /// The chance that 43 uniform characters hold a run of [`LONG_RUN`] with the given step; `steps` is how many of
    /// the 64 characters have a successor at that step.
    fn chance_run(step: i16) -> f64 {
        // state[c][r] = chance that the text so far ends in c with a run of r, and has had no long run.
        let mut state = vec![[0.0_f64; LONG_RUN]; 128];
        for &c in ALPHABET {
            state[usize::from(c)][1] = 1.0 / 64.0;
        }
        let mut hit = 0.0;
        for _ in 1..SECRET_LEN {
            let mut next = vec![[0.0_f64; LONG_RUN]; 128];
            for &from in ALPHABET {
                for run in 1..LONG_RUN {
                    let p = state[usize::from(from)][run] / 64.0;
                    for &to in ALPHABET {
                        if i16::from(to) - i16::from(from) != step {
                            next[usize::from(to)][1] += p;
                        } else if run + 1 == LONG_RUN {
                            hit += p;
                        } else {
                            next[usize::from(to)][run + 1] += p;
                        }
                    }
                }
            }
            state = next;
        }
        hit
    }

    /// The chance that none of 43 characters, the last from [`SECRET_ENDS`], is what `is_missing` tells.
    #[expect(clippy::cast_precision_loss, reason = "counts of 64 at most")]
    fn chance_without(is_missing: fn(&u8) -> bool) -> f64 {
        let share = |of: &[u8]| of.iter().filter(|byte| !is_missing(byte)).count() as f64 / of.len() as f64;
        (1..SECRET_LEN).map(|_| share(ALPHABET)).product::<f64>() * share(SECRET_ENDS)
    }

    #[test]
    fn the_stated_chances_are_true() {
        let near = |computed: f64, stated: f64| (computed / stated - 1.0).abs() < 0.02;
        let few = chance_few_distinct();
        assert!(near(few, 2.1e-12), "few distinct: {few:e}");
        let consecutive = chance_run(1) + chance_run(-1);
        assert!(near(consecutive, 7.2e-10), "consecutive: {consecutive:e}");
        let same = chance_run(0);
        assert!(near(same, 5.3e-10), "same: {same:e}");
        let no_letter = |byte: &u8| byte.is_ascii_alphabetic();
        let one_case =
            chance_without(u8::is_ascii_uppercase) + chance_without(u8::is_ascii_lowercase) - chance_without(no_letter);
        assert!(near(one_case, 3.7e-10), "one case: {one_case:e}");
        let printable = (95.0_f64 / 256.0).powi(32);
        assert!(near(printable, 1.7e-14), "printable: {printable:e}");
        assert!(few + consecutive + same + one_case + printable < 1e-8);
    }
}

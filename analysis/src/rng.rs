//! Seeded random streams: one named stream per use, so that adding a use changes no other.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

/// The generator used everywhere: portable and stable across versions.
pub type Stream = ChaCha8Rng;

/// The stream named `name` under `seed`, at counter `index`.
///
/// Streams with different names or indices are independent; resampling loops give draw `i` the
/// stream `index = i`, which makes results independent of the number of threads.
pub fn stream(seed: u64, name: &str, index: u64) -> Stream {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&fnv1a(name).to_le_bytes());
    key[16..24].copy_from_slice(&(name.len() as u64).to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    rng
}

/// Two draws from a standard normal distribution (Box and Muller 1958).
pub fn normal_pair(rng: &mut Stream) -> [f64; 2] {
    let unit = |bits: u64| (bits >> 11) as f64 * (0.5f64).powi(53);
    let radius = (-2.0 * (1.0 - unit(rng.next_u64())).ln()).sqrt();
    let (sine, cosine) = (std::f64::consts::TAU * unit(rng.next_u64())).sin_cos();
    [radius * cosine, radius * sine]
}

/// Fowler–Noll–Vo hash (FNV-1a, 64 bits) of a stream's name.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, name, index| stream(seed, name, index).next_u64();
        assert_eq!(draw(7, "bootstrap", 3), draw(7, "bootstrap", 3));
        let all = [
            draw(7, "bootstrap", 3),
            draw(8, "bootstrap", 3),
            draw(7, "permutation", 3),
            draw(7, "bootstrap", 4),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
    }
}

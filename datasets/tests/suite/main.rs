//! Tests of the crate through its public interface.

#[cfg(test)]
mod alignment_search;
#[cfg(test)]
mod alignments;
#[cfg(test)]
mod check;
#[cfg(test)]
mod corpora;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod degraded;
#[cfg(test)]
mod emphasis;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod librispeech;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod rates;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod sphere;

//! Whether different rules say the same.

use ndarray::Array2;

use super::similarity::{Likeness, likeness};

/// How alike the maps of two methods are, over items.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Places of the two methods in the list that was given.
    pub methods: [usize; 2],
    /// Likeness of their maps, item by item.
    pub items: Vec<Likeness>,
}

/// Compares every two of several methods; `maps` holds for each method the maps of the same items.
pub fn agreement(maps: &[Vec<Array2<f32>>]) -> Vec<Agreement> {
    let mut found = Vec::new();
    for (place, a) in maps.iter().enumerate() {
        for (after, b) in maps.iter().enumerate().skip(place + 1) {
            let pairs = a.iter().zip(b);
            found.push(Agreement {
                methods: [place, after],
                items: pairs.map(|(a, b)| likeness(a.view(), b.view())).collect(),
            });
        }
    }
    found
}

//! What goes into a run and comes out of it, checked and converted alike for every engine.

use std::ops::RangeInclusive;

use ndarray::{ArrayD, ArrayViewD};

use crate::graph::Input;
use crate::wire::{Dim, ElementType};
use crate::{Error, Result};

/// Whole floats that an `i32` holds.
pub(super) const I32_RANGE: RangeInclusive<f32> = -2_147_483_648.0..=2_147_483_520.0;
/// Whole floats that an `i64` holds.
pub(super) const I64_RANGE: RangeInclusive<f32> =
    -9_223_372_036_854_775_808.0..=9_223_371_487_098_961_920.0;
/// Floats that stand for truth values.
pub(super) const BOOL_RANGE: RangeInclusive<f32> = 0.0..=1.0;

/// Puts the given arrays into the graph's order.
///
/// Every input must be given once, with the declared rank and fixed sizes.
pub(super) fn arrange<'a, 'b>(
    declared: &[Input],
    given: &'a [(&str, ArrayViewD<'b, f32>)],
) -> Result<Vec<&'a ArrayViewD<'b, f32>>> {
    let names = || list(given.iter().map(|(name, _)| *name));
    let arranged = declared
        .iter()
        .map(|input| {
            let (_, array) = given
                .iter()
                .find(|(name, _)| *name == input.name)
                .ok_or_else(|| Error::Shape {
                    what: "inputs of the graph".to_owned(),
                    expected: list(declared.iter().map(|input| input.name.as_str())),
                    found: names(),
                })?;
            check_shape(input, array.shape())?;
            Ok(array)
        })
        .collect::<Result<Vec<_>>>()?;
    if given.len() > declared.len() {
        return Err(Error::Shape {
            what: "inputs of the graph".to_owned(),
            expected: list(declared.iter().map(|input| input.name.as_str())),
            found: names(),
        });
    }
    Ok(arranged)
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() {
        "none".to_owned()
    } else {
        quoted.join(", ")
    }
}

fn check_shape(input: &Input, shape: &[usize]) -> Result<()> {
    let Some(dims) = &input.dims else {
        return Ok(());
    };
    let fits = dims.len() == shape.len()
        && dims.iter().zip(shape).all(|(dim, size)| match dim {
            Dim::Fixed(fixed) => u64::try_from(*fixed).ok() == u64::try_from(*size).ok(),
            Dim::Named(_) | Dim::Unknown => true,
        });
    if fits {
        return Ok(());
    }
    let expected: Vec<String> = dims.iter().map(Dim::to_string).collect();
    Err(Error::Shape {
        what: format!("input `{}`", input.name),
        expected: format!("[{}]", expected.join(", ")),
        found: format!("{shape:?}"),
    })
}

/// Converts an input to an integer type whose range is `lowest..=highest`.
pub(super) fn integers<T>(
    input: &Input,
    array: &ArrayViewD<'_, f32>,
    convert: impl Fn(f32) -> T,
    range: RangeInclusive<f32>,
) -> Result<ArrayD<T>> {
    if let Some(bad) = array
        .iter()
        .find(|x| x.fract() != 0.0 || !range.contains(x))
    {
        return Err(Error::Shape {
            what: format!("input `{}`", input.name),
            expected: format!(
                "whole numbers from {} to {} ({})",
                range.start(),
                range.end(),
                input.element
            ),
            found: bad.to_string(),
        });
    }
    Ok(array.mapv(convert))
}

/// An input whose element type nothing here can make.
pub(super) fn unsupported_input(input: &Input) -> Error {
    Error::Shape {
        what: format!("input `{}`", input.name),
        expected: "an element type made from floats (f32, f64, f16, i32, i64, bool)".to_owned(),
        found: input.element.to_string(),
    }
}

/// A tap whose element type is not a number that a float can stand for.
pub(super) fn unsupported_output(name: &str, element: &str) -> Error {
    Error::Shape {
        what: format!("tensor `{name}`"),
        expected: "numbers that can be given as f32".to_owned(),
        found: element.to_owned(),
    }
}

/// Gives integers as floats, or says which one a float does not hold.
pub(super) fn exact_floats(
    name: &str,
    element: ElementType,
    shape: &[usize],
    values: impl Iterator<Item = i64>,
) -> Result<ArrayD<f32>> {
    let floats = values
        .map(|value| {
            let float = value as f32;
            if float as i64 == value && value != i64::MAX {
                Ok(float)
            } else {
                Err(unsupported_output(name, &format!("{value} ({element})")))
            }
        })
        .collect::<Result<Vec<f32>>>()?;
    shaped(name, shape, floats)
}

/// An array of the shape that an engine reported.
pub(super) fn shaped(name: &str, shape: &[usize], values: Vec<f32>) -> Result<ArrayD<f32>> {
    let count = values.len();
    ArrayD::from_shape_vec(shape, values).map_err(|_e| Error::Shape {
        what: format!("tensor `{name}`"),
        expected: format!("{shape:?}"),
        found: format!("{count} values"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, IxDyn};

    fn input(element: ElementType) -> Input {
        Input {
            name: "mel".to_owned(),
            element,
            dims: Some(vec!["window".into(), 160.into(), 40.into()]),
        }
    }

    #[test]
    fn arrays_are_arranged_by_name_and_checked_by_shape() {
        let declared = [input(ElementType::Float32)];
        let good = Array::zeros(IxDyn(&[2, 160, 40]));
        let bad = Array::zeros(IxDyn(&[2, 160, 80]));
        assert_eq!(
            arrange(&declared, &[("mel", good.view())]).unwrap()[0].shape(),
            [2, 160, 40]
        );
        let cases: [(&[_], &str); 4] = [
            (
                &[("mel", bad.view())],
                "input `mel`: expected [window, 160, 40], found [2, 160, 80]",
            ),
            (
                &[("mels", good.view())],
                "inputs of the graph: expected `mel`, found `mels`",
            ),
            (&[], "inputs of the graph: expected `mel`, found none"),
            (
                &[("mel", good.view()), ("n", good.view())],
                "inputs of the graph: expected `mel`, found `mel`, `n`",
            ),
        ];
        for (given, message) in cases {
            let error = arrange(&declared, given).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn only_whole_numbers_become_integers() {
        let input = input(ElementType::Int64);
        let whole = Array::from_vec(vec![-3.0, 7.0]).into_dyn();
        let got = integers(&input, &whole.view(), |x| x as i64, -9.0..=9.0).unwrap();
        assert_eq!(got.as_slice().unwrap(), [-3, 7]);
        for bad in [0.5, f32::NAN, f32::INFINITY, 10.0] {
            let array = Array::from_vec(vec![bad]).into_dyn();
            assert!(
                integers(&input, &array.view(), |x| x as i64, -9.0..=9.0).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn integers_that_a_float_cannot_hold_are_an_error() {
        let exact = |value: i64| {
            exact_floats("ids", ElementType::Int64, &[1], std::iter::once(value)).map(|a| a[[0]])
        };
        assert_eq!(exact(1 << 24).unwrap(), 16_777_216.0);
        assert_eq!(exact(i64::MIN).unwrap(), -9.223_372e18);
        for inexact in [(1 << 24) + 1, i64::MAX] {
            let error = exact(inexact).unwrap_err().to_string();
            assert!(error.contains("`ids`") && error.contains("i64"), "{error}");
        }
    }
}

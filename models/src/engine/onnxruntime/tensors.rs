//! Tensors of the library from floats, and the other way round.

use ndarray::{ArrayD, CowArray, IxDyn};
use ort::session::SessionInputValue;
use ort::value::{DynValue, PrimitiveTensorElementType, Tensor, TensorElementType, TensorRef};

use crate::engine::values;
use crate::graph::Input;
use crate::wire::ElementType;
use crate::{Error, Result};

/// What the library is given for an input.
pub(super) fn input_value<'a>(
    input: &Input,
    array: &'a CowArray<'_, f32, IxDyn>,
    fail: impl Fn(&ort::Error) -> Error,
) -> Result<SessionInputValue<'a>> {
    let view = array.view();
    let value = match input.element {
        ElementType::Float32 => {
            return TensorRef::from_array_view(view)
                .map(Into::into)
                .map_err(|error| fail(&error));
        }
        ElementType::Float64 => Tensor::from_array(view.mapv(f64::from)).map(Tensor::into_dyn),
        ElementType::Float16 => {
            Tensor::from_array(view.mapv(half::f16::from_f32)).map(Tensor::into_dyn)
        }
        ElementType::Int32 => {
            let whole = values::integers(input, &view, |x| x as i32, values::I32_RANGE)?;
            Tensor::from_array(whole).map(Tensor::into_dyn)
        }
        ElementType::Int64 => {
            let whole = values::integers(input, &view, |x| x as i64, values::I64_RANGE)?;
            Tensor::from_array(whole).map(Tensor::into_dyn)
        }
        ElementType::Bool => {
            let truths = values::integers(input, &view, |x| x == 1.0, values::BOOL_RANGE)?;
            Tensor::from_array(truths).map(Tensor::into_dyn)
        }
        _ => return Err(values::unsupported_input(input)),
    };
    value.map(Into::into).map_err(|error| fail(&error))
}

/// What the library gave, as floats.
pub(super) fn output_array(
    name: &str,
    value: &DynValue,
    fail: impl Fn(ort::Error) -> Error,
) -> Result<ArrayD<f32>> {
    let element = value
        .dtype()
        .tensor_type()
        .ok_or_else(|| values::unsupported_output(name, &value.dtype().to_string()))?;
    fn read<T: PrimitiveTensorElementType + Copy>(
        value: &DynValue,
        convert: impl Fn(T) -> f32,
    ) -> ort::Result<ArrayD<f32>> {
        Ok(value.try_extract_array::<T>()?.mapv(convert))
    }
    let floats = match element {
        TensorElementType::Float32 => read::<f32>(value, |x| x),
        TensorElementType::Float64 => read::<f64>(value, |x| x as f32),
        TensorElementType::Float16 => read(value, half::f16::to_f32),
        TensorElementType::Bfloat16 => read(value, half::bf16::to_f32),
        TensorElementType::Bool => read(value, |x: bool| f32::from(u8::from(x))),
        TensorElementType::Uint8 => read::<u8>(value, f32::from),
        TensorElementType::Int8 => read::<i8>(value, f32::from),
        TensorElementType::Uint16 => read::<u16>(value, f32::from),
        TensorElementType::Int16 => read::<i16>(value, f32::from),
        TensorElementType::Int32 => {
            let whole = value.try_extract_array::<i32>().map_err(fail)?;
            let wide = whole.iter().map(|&x| i64::from(x));
            return values::exact_floats(name, ElementType::Int32, whole.shape(), wide);
        }
        TensorElementType::Int64 => {
            let whole = value.try_extract_array::<i64>().map_err(fail)?;
            let copied = whole.iter().copied();
            return values::exact_floats(name, ElementType::Int64, whole.shape(), copied);
        }
        other => return Err(values::unsupported_output(name, &other.to_string())),
    };
    floats.map_err(fail)
}

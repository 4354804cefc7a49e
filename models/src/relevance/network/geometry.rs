//! Windows as attributes of nodes state them.

use super::window::Window;
use crate::wire::Node;

/// Largest stride, dilation, kernel or padding that is believed.
const LARGEST: i64 = 1 << 20;

/// The window of a convolution or pool over axes of these sizes, with `kernel` where the weight
/// tells it. `ceil_mode` is not looked at.
pub(super) fn window(
    node: &Node,
    kernel: Option<&[usize]>,
    sizes: &[usize],
) -> Result<Window, String> {
    let axes = sizes.len();
    let kernel = match (kernel, list(node, "kernel_shape", 1)?) {
        (Some(kernel), Some(stated)) if kernel != stated => {
            return Err(format!(
                "its weight has the kernel {kernel:?} and its attribute says {stated:?}"
            ));
        }
        (Some(kernel), _) => kernel.to_vec(),
        (None, Some(stated)) => stated,
        (None, None) => return Err("it does not say the size of its kernel".to_owned()),
    };
    let ones = || vec![1; axes];
    let strides = list(node, "strides", 1)?.unwrap_or_else(ones);
    let dilations = list(node, "dilations", 1)?.unwrap_or_else(ones);
    let pads = list(node, "pads", 0)?.unwrap_or_else(|| vec![0; 2 * axes]);
    let mut window = Window {
        kernel,
        strides,
        dilations,
        before: pads.iter().take(axes).copied().collect(),
        after: pads.iter().skip(axes).copied().collect(),
    };
    let lists = [
        &window.kernel,
        &window.strides,
        &window.dilations,
        &window.before,
        &window.after,
    ];
    if axes == 0 || lists.iter().any(|list| list.len() != axes) || window.kernel.contains(&0) {
        return Err(format!(
            "its kernel, strides, dilations or pads are not those of {axes} axes"
        ));
    }
    match node.text("auto_pad").unwrap_or("NOTSET") {
        "NOTSET" | "" => {}
        "VALID" => {
            window.before = vec![0; axes];
            window.after = vec![0; axes];
        }
        same @ ("SAME_UPPER" | "SAME_LOWER") => keep_size(&mut window, sizes, same == "SAME_UPPER"),
        other => return Err(format!("its padding `{other}` is unknown")),
    }
    Ok(window)
}

/// Pads so that there is one window every stride.
fn keep_size(window: &mut Window, sizes: &[usize], more_behind: bool) {
    for (axis, size) in sizes.iter().enumerate() {
        let stride = window.strides[axis];
        let reach = (size.div_ceil(stride).max(1) - 1) * stride + window.extent(axis);
        let total = reach.saturating_sub(*size);
        let less = total / 2;
        let (before, after) = if more_behind {
            (less, total - less)
        } else {
            (total - less, less)
        };
        window.before[axis] = before;
        window.after[axis] = after;
    }
}

/// A list of sizes, none below `least`.
pub(super) fn list(node: &Node, name: &str, least: i64) -> Result<Option<Vec<usize>>, String> {
    let Some(values) = node.ints(name) else {
        return Ok(None);
    };
    let size = |value: &i64| {
        let believed = (least..=LARGEST).contains(value);
        believed.then(|| usize::try_from(*value).ok()).flatten()
    };
    match values.iter().map(size).collect::<Option<Vec<usize>>>() {
        Some(sizes) => Ok(Some(sizes)),
        None => Err(format!("its attribute `{name}` is {values:?}")),
    }
}

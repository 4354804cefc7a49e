use super::*;
use crate::weights::{Elements, Weight};
use crate::wire::survey;

/// A network of the right shape with few channels: 16 mels, 4 channels, growth 3.
fn weights() -> Weights {
    let mut weights = Weights::default();
    let mut add = |name: &str, shape: &[usize]| {
        let n: usize = shape.iter().product();
        let elements = Elements::Floats((0..n).map(|i| (i % 7) as f32 / 7.0).collect());
        let shape = shape.to_vec();
        weights.insert(name, Weight { shape, elements });
    };
    let (channels, bands, growth, bottleneck) = (4, 2, 3, 6);
    let norm = |add: &mut dyn FnMut(&str, &[usize]), name: &str, n: usize| {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            add(&format!("{name}.{part}"), &[n]);
        }
    };
    for (conv, bn, shape) in [
        ("head.conv1", "head.bn1", [channels, 1, 3, 3]),
        ("head.conv2", "head.bn2", [channels, channels, 3, 3]),
    ] {
        add(&format!("{conv}.weight"), &shape);
        norm(&mut add, bn, channels);
    }
    for stage in 1..=2 {
        for unit in 0..2 {
            let at = format!("head.layer{stage}.{unit}");
            for k in 1..=2 {
                add(&format!("{at}.conv{k}.weight"), &[channels, channels, 3, 3]);
                norm(&mut add, &format!("{at}.bn{k}"), channels);
            }
            if unit == 0 {
                add(
                    &format!("{at}.shortcut.0.weight"),
                    &[channels, channels, 1, 1],
                );
                norm(&mut add, &format!("{at}.shortcut.1"), channels);
            }
        }
    }
    let mut width = 8;
    add("xvector.tdnn.linear.weight", &[width, channels * bands, 5]);
    norm(&mut add, "xvector.tdnn.nonlinear.batchnorm", width);
    for (block, layers) in [(1, 2), (2, 3), (3, 1)] {
        for layer in 1..=layers {
            let at = format!("xvector.block{block}.tdnnd{layer}");
            norm(&mut add, &format!("{at}.nonlinear1.batchnorm"), width);
            add(&format!("{at}.linear1.weight"), &[bottleneck, width, 1]);
            norm(&mut add, &format!("{at}.nonlinear2.batchnorm"), bottleneck);
            let cam = format!("{at}.cam_layer");
            add(
                &format!("{cam}.linear_local.weight"),
                &[growth, bottleneck, 3],
            );
            add(&format!("{cam}.linear1.weight"), &[2, bottleneck, 1]);
            add(&format!("{cam}.linear1.bias"), &[2]);
            add(&format!("{cam}.linear2.weight"), &[growth, 2, 1]);
            add(&format!("{cam}.linear2.bias"), &[growth]);
            width += growth;
        }
        let transit = format!("xvector.transit{block}");
        norm(&mut add, &format!("{transit}.nonlinear.batchnorm"), width);
        add(&format!("{transit}.linear.weight"), &[width / 2, width, 1]);
        width /= 2;
    }
    norm(&mut add, "xvector.out_nonlinear.batchnorm", width);
    add("xvector.dense.linear.weight", &[5, 2 * width, 1]);
    for part in ["running_mean", "running_var"] {
        add(&format!("xvector.dense.nonlinear.batchnorm.{part}"), &[5]);
    }
    weights
}

#[test]
fn the_taps_are_declared_with_the_sizes_that_the_weights_say() {
    let model = write(&weights()).unwrap();
    assert_eq!(model, write(&weights()).unwrap());
    let found = survey(&model).unwrap();
    let size = |name: &str| {
        let value = found.inner.iter().find(|value| value.name == name).unwrap();
        value.dims.clone().unwrap()[1].clone()
    };
    for (name, channels) in [
        ("conv.0", 4),
        ("conv.5", 4),
        ("tdnn", 8),
        ("block.0.layer.1", 3),
        ("block.0", 14),
        ("transit.0", 7),
        ("block.1", 16),
        ("transit.1", 8),
        ("block.2", 11),
        ("frames", 5),
        ("stats", 10),
    ] {
        assert_eq!(size(name), Dim::Fixed(channels), "{name}");
    }
    assert_eq!(found.inputs[0].dims.as_ref().unwrap()[2], Dim::Fixed(16));
    assert_eq!(found.outputs[0].name, "embedding");
    let count = |operator: &str| {
        found
            .nodes
            .iter()
            .filter(|n| n.operator == operator)
            .count()
    };
    // head 1 + 4·2 + 2 shortcuts + 1, first layer, 6 layers of 4, 3 transits, readout
    assert_eq!(count("Conv"), 12 + 1 + 24 + 3 + 1);
    assert_eq!(count("Sigmoid"), 6);
    // The last batch norm has no ReLU after it.
    assert_eq!(found.nodes.last().unwrap().operator, "BatchNormalization");
}

#[test]
fn a_missing_or_misshapen_weight_is_named() {
    let error = write(&Weights::default()).unwrap_err().to_string();
    assert!(error.contains("head.conv1.weight"), "{error}");
    let mut odd = weights();
    let elements = Elements::Floats(vec![0.0; 3]);
    odd.insert(
        "xvector.block2.tdnnd3.cam_layer.linear2.bias",
        Weight {
            shape: vec![3, 1],
            elements,
        },
    );
    let error = write(&odd).unwrap_err().to_string();
    assert!(error.contains("tdnnd3.cam_layer.linear2.bias"), "{error}");
    let mut flat = weights();
    let elements = Elements::Floats(vec![0.0; 3]);
    flat.insert(
        "head.conv1.weight",
        Weight {
            shape: vec![3],
            elements,
        },
    );
    assert!(write(&flat).is_err());
}

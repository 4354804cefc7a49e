//! Weights in files beside the graph.

use std::fs;
use std::path::Path;

use ndarray::{ArrayD, IxDyn};
use phonoscope_analysis::task::Cancel;
use phonoscope_models::engine::Engine;
use phonoscope_models::graph::check_external;
use phonoscope_models::wire::{put_bytes, put_int, survey};
use phonoscope_models::{Error, GraphBytes, Result};

use crate::graphs::{Float32, model};
use crate::{engines, names};

/// `x` [time, 2] by `w` [2, 3], which lies in `file` from byte `offset` on.
pub(super) fn graph(file: &str, offset: &str, length: &str) -> GraphBytes {
    let mut graph = model("external");
    graph
        .input("x", Float32, &["time".into(), 2.into()])
        .node("MatMul", &["x", "w"], &["y"], &[])
        .output("y");
    let mut tensor = Vec::new();
    [2, 3].iter().for_each(|dim| put_int(&mut tensor, 1, *dim));
    put_int(&mut tensor, 2, 1);
    put_bytes(&mut tensor, 8, b"w");
    for (key, value) in [("location", file), ("offset", offset), ("length", length)] {
        let mut entry = Vec::new();
        put_bytes(&mut entry, 1, key.as_bytes());
        put_bytes(&mut entry, 2, value.as_bytes());
        put_bytes(&mut tensor, 13, &entry);
    }
    put_int(&mut tensor, 14, 1);
    let mut of_graph = Vec::new();
    put_bytes(&mut of_graph, 5, &tensor);
    let mut bytes = graph.finish();
    put_bytes(&mut bytes, 7, &of_graph);
    GraphBytes::new(bytes)
}

fn weights() -> Vec<u8> {
    let values = [9u8, 1, 2, 3, 4, 5, 6];
    values
        .iter()
        .flat_map(|v| f32::from(*v).to_le_bytes())
        .collect()
}

fn run(engine: &dyn Engine, graph: &GraphBytes, folder: Option<&Path>) -> Result<Vec<f32>> {
    let x = ArrayD::from_shape_vec(IxDyn(&[1, 2]), vec![1.0, 10.0]).unwrap();
    let mut session = engine.open_beside(graph, &names(&["y"]), folder)?;
    let got = session.run(&[("x", x.view())], &Cancel::new())?;
    Ok(got[0].iter().copied().collect())
}

#[test]
fn weights_are_found_under_any_name_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("parts")).unwrap();
    for file in [
        "weights.data",
        "model.onnx_data",
        "w.bin",
        "weights",
        "parts/0 1.weight",
    ] {
        fs::write(folder.path().join(file), weights()).unwrap();
        let graph = graph(file, "4", "24");
        check_external(&survey(graph.bytes()).unwrap(), folder.path()).unwrap();
        for engine in engines() {
            let got = run(&*engine, &graph, Some(folder.path()));
            let got = got.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(got, [41.0, 52.0, 63.0], "{}: {file}", engine.info());
        }
    }
}

#[test]
fn files_outside_the_folder_are_refused_before_an_engine_sees_them() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("model");
    fs::create_dir(&folder).unwrap();
    let secret = outer.path().join("secret.data");
    fs::write(&secret, weights()).unwrap();
    let mut files = vec![
        "../secret.data".to_owned(),
        "./../secret.data".to_owned(),
        "parts/../../secret.data".to_owned(),
        secret.display().to_string(),
        "..\\secret.data".to_owned(),
        "C:secret.data".to_owned(),
        String::new(),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&secret, folder.join("link.data")).unwrap();
        std::os::unix::fs::symlink(outer.path(), folder.join("parts")).unwrap();
        files.extend(["link.data".to_owned(), "parts/secret.data".to_owned()]);
    }
    for file in files {
        let graph = graph(&file, "4", "24");
        let error = check_external(&survey(graph.bytes()).unwrap(), &folder).unwrap_err();
        assert!(error.to_string().contains("outside the folder"), "{error}");
        for engine in engines() {
            let error = run(&*engine, &graph, Some(&folder)).unwrap_err();
            assert!(matches!(error, Error::External { .. }), "{error}");
        }
    }
}

#[test]
fn missing_and_short_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("w.bin"), &weights()[..20]).unwrap();
    fs::create_dir(folder.path().join("d.bin")).unwrap();
    for (file, offset, length, why) in [
        (
            "w.bin",
            "4",
            "24",
            "has 20 bytes, and tensor `w` ends at byte 28",
        ),
        (
            "w.bin",
            "0",
            "20",
            "needs 24 bytes, and the graph gives it 20",
        ),
        (
            "w.bin",
            "18446744073709551615",
            "24",
            "ends at byte 18446744073709551615",
        ),
        ("none.bin", "0", "24", "no such file"),
        ("d.bin", "0", "24", "no plain file"),
    ] {
        let graph = graph(file, offset, length);
        for engine in engines() {
            let error = run(&*engine, &graph, Some(folder.path())).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(why) && text.contains(file), "{text}");
            assert!(error.hint().is_some() && error.is_input());
        }
    }
    let nonsense = graph("w.bin", "-1", "24");
    let error = survey(nonsense.bytes()).unwrap_err().to_string();
    assert!(error.contains("offset is `-1`"), "{error}");
}

#[test]
fn without_a_folder_the_file_is_named() {
    for engine in engines() {
        let error = run(&*engine, &graph("w.bin", "4", "24"), None).unwrap_err();
        assert!(error.to_string().contains("`w.bin`"), "{error}");
        assert!(error.to_string().contains("no folder"), "{error}");
    }
}

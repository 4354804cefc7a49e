use std::io::Write as _;

use tempfile::TempDir;

use super::*;
use crate::catalogue::Catalogue;
use crate::wire::{ElementType, Suffix};

struct Bench {
    folder: TempDir,
    cache: Cache,
    entry: Entry,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::builtin().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        let entry = catalogue.get("wav2vec2-base").unwrap().clone();
        Self {
            folder,
            cache,
            entry,
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn fetch(&self, origin: Option<Origin>, network: Network) -> Result<PathBuf> {
        let task = Task::silent();
        fetch_hub(&self.entry, origin.as_ref(), &self.cache, network, &task)
    }

    fn from(&self, path: &Path) -> Result<PathBuf> {
        self.fetch(Some(Origin::Path(path.to_owned())), Network::Offline)
    }
}

fn onnx(output: &str) -> Vec<u8> {
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("g")
        .input("input_values", ElementType::Float32, &["n".into()])
        .node("Relu", &["input_values"], &[output], &[])
        .output(output);
    graph.finish()
}

#[test]
fn a_file_is_recorded_at_first_use_and_another_is_refused_afterwards() {
    let bench = Bench::new();
    let first = bench.write("exports/mine.onnx", &onnx("a"));
    assert_eq!(Record::read(&bench.entry, &bench.cache).unwrap(), None);
    let path = bench.from(&first).unwrap();
    assert_eq!(fs::read(&path).unwrap(), onnx("a"));
    let record = Record::read(&bench.entry, &bench.cache).unwrap().unwrap();
    assert_eq!(record.main_sha256(), crate::digest::sha256(&onnx("a")));
    assert_eq!(record.path(&bench.cache), path);
    assert!(record.address.ends_with("mine.onnx"));
    // Nobody needs to say it again, and a file of the same bytes will do.
    assert_eq!(bench.fetch(None, Network::Offline).unwrap(), path);
    assert_eq!(bench.from(&first).unwrap(), path);

    let other = bench.write("exports/other.onnx", &onnx("b"));
    let error = bench.from(&other).unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
    assert!(error.to_string().contains(record.main_sha256()));
    assert!(error.hint().unwrap().contains("wav2vec2-base.toml"));
    assert!(other.exists(), "the user's file stays");
    fs::remove_file(record_path(&bench.entry, &bench.cache)).unwrap();
    assert_ne!(bench.from(&other).unwrap(), path);
}

#[test]
fn a_damaged_copy_in_the_cache_is_not_used() {
    let bench = Bench::new();
    let file = bench.write("model.onnx", &onnx("a"));
    let path = bench.from(&file).unwrap();
    fs::write(&path, b"damaged").unwrap();
    let error = bench.fetch(None, Network::Allowed).unwrap_err();
    assert!(matches!(error, Error::NoOrigin { .. }), "{error}");
    assert_eq!(bench.from(&file).unwrap(), path);
    assert_eq!(fs::read(&path).unwrap(), onnx("a"));
}

#[test]
fn folders_are_looked_through_for_the_repository_the_name_and_the_file() {
    for place in [
        "facebook/wav2vec2-base/model.onnx",
        "wav2vec2-base/model.onnx",
        "model.onnx",
    ] {
        let bench = Bench::new();
        bench.write(&format!("exports/{place}"), &onnx("a"));
        bench.from(&bench.folder.path().join("exports")).unwrap();
    }
    let bench = Bench::new();
    bench.write("exports/else.onnx", &onnx("a"));
    let error = bench
        .from(&bench.folder.path().join("exports"))
        .unwrap_err();
    assert!(error.to_string().contains("does not hold it"), "{error}");
    assert!(error.hint().unwrap().contains("facebook/wav2vec2-base"));
}

#[test]
fn weights_in_other_files_come_along_and_paths_out_of_the_folder_do_not() {
    /// A graph whose weight `w` lies in `file`.
    fn external(file: &str) -> Vec<u8> {
        use crate::wire::put_bytes;
        let mut entry = Vec::new();
        put_bytes(&mut entry, 1, b"location");
        put_bytes(&mut entry, 2, file.as_bytes());
        let mut tensor = vec![0x08, 4, 0x10, 1];
        put_bytes(&mut tensor, 8, b"w");
        put_bytes(&mut tensor, 13, &entry);
        tensor.extend([0x70, 1]);
        let mut graph = Vec::new();
        put_bytes(&mut graph, 5, &tensor);
        let mut model = onnx("a");
        put_bytes(&mut model, 7, &graph);
        model
    }
    let bench = Bench::new();
    let file = bench.write("exports/model.onnx", &external("model.onnx_data"));
    assert!(bench.from(&file).is_err(), "the weights are not there");
    bench.write("exports/model.onnx_data", &[0; 16]);
    let path = bench.from(&file).unwrap();
    let beside = path.with_file_name("model.onnx_data");
    assert_eq!(fs::read(&beside).unwrap(), [0; 16]);
    let record = Record::read(&bench.entry, &bench.cache).unwrap().unwrap();
    assert_eq!(record.sha256.len(), 2);
    for hostile in ["../secret", "/etc/passwd", "a/b", ".hidden"] {
        let bench = Bench::new();
        let file = bench.write("exports/model.onnx", &external(hostile));
        bench.write("secret", b"x");
        let error = bench.from(&file).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        assert_eq!(Record::read(&bench.entry, &bench.cache).unwrap(), None);
    }
}

#[test]
fn what_is_no_model_and_a_record_that_is_damaged_are_named() {
    let bench = Bench::new();
    let page = bench.write("model.onnx", b"<html>not found</html>");
    let error = bench.from(&page).unwrap_err();
    assert!(matches!(error, Error::NotOnnx { .. }), "{error}");
    assert_eq!(Record::read(&bench.entry, &bench.cache).unwrap(), None);
    for text in [
        "not toml",
        "address = \"a\"\nfile = \"../x\"\n[sha256]\n\"../x\" = \"0\"",
        "address = \"a\"\nfile = \"x\"\n[sha256]\nx = \"0\"",
    ] {
        bench.write("cache/hub/wav2vec2-base.toml", text.as_bytes());
        let error = bench.from(&page).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
}

#[test]
fn without_a_place_it_says_which_file_it_needs() {
    let bench = Bench::new();
    let error = bench.fetch(None, Network::Allowed).unwrap_err();
    assert!(matches!(error, Error::NoOrigin { .. }) && error.is_input());
    let hint = error.hint().unwrap();
    for word in ["--from", "facebook/wav2vec2-base", "model.onnx", VARIABLE] {
        assert!(hint.contains(word), "{hint}");
    }
    let address = Origin::Address("https://hub.example".to_owned());
    let error = bench.fetch(Some(address), Network::Offline).unwrap_err();
    assert!(matches!(error, Error::Offline { .. }), "{error}");
    assert!(!bench.cache.root().exists(), "nothing is made for nothing");
}

#[test]
fn an_address_is_the_base_and_the_common_layout_or_the_places_that_it_names() {
    let bench = Bench::new();
    let Weights::Hub(hub) = &bench.entry.weights else {
        panic!("it is of a hub");
    };
    assert_eq!(
        address("https://hub.example/", hub, &hub.file),
        "https://hub.example/facebook/wav2vec2-base/resolve/main/model.onnx"
    );
    assert_eq!(
        address(
            "https://a.example/{revision}/{repository}?f={file}",
            hub,
            "x"
        ),
        "https://a.example/main/facebook/wav2vec2-base?f=x"
    );
    assert_eq!(
        without_password("https://me:secret@hub.example/a@b"),
        "https://hub.example/a@b"
    );
    for (text, address) in [
        ("https://hub.example", true),
        ("HTTP://hub.example", true),
        ("file:///models", false),
        ("models/http", false),
    ] {
        let parsed = matches!(Origin::parse(text), Origin::Address(_));
        assert_eq!(parsed, address, "{text}");
    }
    assert_eq!(
        Origin::parse("file:///models"),
        Origin::Path("/models".into())
    );
}

/// A server of one file on this machine, and the three clients, where they are installed.
#[test]
fn every_client_brings_the_file_and_says_when_there_is_none() {
    use std::io::Read as _;
    let bytes = onnx("a");
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.local_addr().unwrap());
    let served = bytes.clone();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 2048];
            let n = stream.read(&mut request).unwrap_or(0);
            let there = request[..n].starts_with(b"GET /there");
            let (status, body) = match there {
                true => ("200 OK", served.as_slice()),
                false => ("404 Not Found", &b"no"[..]),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _sent = stream.write_all(head.as_bytes());
            let _sent = stream.write_all(body);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let to = folder.path().join("download");
    let places = [("there", true), ("nowhere", false)];
    for (place, there) in places {
        for (name, mut command) in clients(&format!("{base}/{place}"), &to) {
            command.env("no_proxy", "127.0.0.1");
            let cancel = phonoscope_analysis::task::Cancel::new();
            let ended = client::run(command, &log, &cancel, || {}).unwrap();
            match (ended, there) {
                (Ended::Missing, _) => {}
                (Ended::Well, true) => assert_eq!(fs::read(&to).unwrap(), bytes, "{name}"),
                (Ended::Badly(reason), false) => assert!(reason.contains("404"), "{reason}"),
                (ended, _) => panic!("{name} at /{place}: {ended:?}"),
            }
        }
    }
}

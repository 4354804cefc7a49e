//! How the name or file of `--model` becomes a model.

use std::path::Path;

use phonoscope_analysis::frontend::{FrontEnd, WhisperPad};
use phonoscope_models::{Card, Catalogue, FileChoice, GivenRole, Model, load, load_file};

use super::Context;
use crate::cli::{ModelChoice, Pad};
use crate::exit::Usage;

/// The model with this name in the catalogue, fetched when it is missing; or that of an ONNX file.
/// What was guessed is told.
pub(super) fn load_model(
    name: &str,
    choice: &ModelChoice,
    context: &Context,
) -> anyhow::Result<Model> {
    let said = file_choice(choice)?;
    let path = Path::new(name);
    let listed = Catalogue::builtin()?.get(name).is_ok();
    if listed && choice.is_about_a_file() {
        return Err(Usage::new(
            format!("`{name}` is in the catalogue, which says what it is fed"),
            format!("leave --front-end, --card and --input away, or give a file as ./{name}"),
        )
        .into());
    }
    if !listed && (path.is_file() || choice.is_about_a_file()) {
        let loaded = load_file(path, &said)?;
        for words in &loaded.remarks {
            context.printer.remark(words);
        }
        return Ok(loaded.model);
    }
    let mut model = load(name, &context.cache(), context.network(), &context.task)?;
    model.front_end = said.padded(model.front_end)?;
    Ok(model)
}

/// Refuses what is said about an ONNX file where there are several models.
pub(super) fn said_of_one(models: &[String], choice: &ModelChoice) -> anyhow::Result<()> {
    if models.len() > 1 && choice.is_about_a_file() {
        return Err(Usage::new(
            "what is said about an ONNX file does not say which of the models it is about",
            "put a card FILE.toml beside FILE.onnx, or extract that model first and give --run",
        )
        .into());
    }
    Ok(())
}

/// The flags as the models crate takes them.
fn file_choice(choice: &ModelChoice) -> anyhow::Result<FileChoice> {
    Ok(FileChoice {
        card: choice.card.clone(),
        front_end: choice.front_end.as_deref().map(front_end).transpose()?,
        pad: choice.pad.map(|pad| match pad {
            Pad::Multiple320 => WhisperPad::Multiple320,
            Pad::Seconds30 => WhisperPad::Seconds30,
        }),
        inputs: choice
            .inputs
            .iter()
            .map(|text| input(text))
            .collect::<Result<_, _>>()?,
    })
}

/// The front end of this kind with its defaults, or as TOML says.
fn front_end(text: &str) -> anyhow::Result<FrontEnd> {
    if text.trim_start().starts_with('{') {
        let card = Card::parse(&format!("front_end = {text}"), "--front-end")?;
        if let Some(front_end) = card.front_end {
            return Ok(front_end);
        }
    }
    FrontEnd::of_kind(text).ok_or_else(|| {
        let hint = format!("one of {}", FrontEnd::KINDS.join(", "));
        Usage::new(format!("there is no front end `{text}`"), hint).into()
    })
}

/// `NAME=ROLE`.
fn input(text: &str) -> Result<(String, GivenRole), Usage> {
    let wrong = || {
        Usage::new(
            format!("--input `{text}` is not NAME=ROLE"),
            "a role is features, mask, length, or a number",
        )
    };
    let (name, role) = text.rsplit_once('=').ok_or_else(wrong)?;
    let role = match role {
        "features" => GivenRole::Features,
        "mask" => GivenRole::Mask,
        "length" => GivenRole::Length,
        number => {
            let number: f32 = number.parse().map_err(|_no_number| wrong())?;
            if !number.is_finite() {
                return Err(wrong());
            }
            GivenRole::Number(number)
        }
    };
    Ok((name.to_owned(), role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read_as_name_and_role() {
        assert_eq!(
            input("x=features").unwrap(),
            ("x".into(), GivenRole::Features)
        );
        assert_eq!(
            input("a=b=1.5").unwrap(),
            ("a=b".into(), GivenRole::Number(1.5))
        );
        for wrong in ["x", "x=", "x=NaN", "x=some"] {
            assert!(input(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_front_end_is_a_kind_or_toml() {
        assert_eq!(front_end("ge2e_mel").unwrap(), FrontEnd::Ge2eMel);
        let toml =
            front_end(r#"{ kind = "kaldi_fbank", scale = 32768, num_mel_bins = 40 }"#).unwrap();
        let FrontEnd::KaldiFbank(fbank) = toml else {
            panic!("{toml:?}")
        };
        assert_eq!((fbank.scale, fbank.num_mel_bins), (32768.0, 40));
        let unknown = front_end("mfcc").unwrap_err().to_string();
        assert!(unknown.contains("no front end `mfcc`"), "{unknown}");
        let wrong = front_end(r#"{ kind = "kaldi_fbank", colour = 1 }"#).unwrap_err();
        assert!(wrong.to_string().contains("colour"), "{wrong}");
    }
}

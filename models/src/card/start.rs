//! A card to start from.

use phonoscope_analysis::frontend::FrontEnd;

use super::Card;
use crate::Result;
use crate::guess::{Given, guess};
use crate::input::InputRole;
use crate::wire::Survey;

/// A card with the guesses filled in, as text with remarks: what a person changes and puts beside
/// the model. Inputs and front end about which nothing can be guessed are written as remarks.
///
/// # Errors
/// [`crate::Error::Card`] for a name that TOML cannot hold.
pub fn starting_card(found: &Survey, name: &str) -> Result<String> {
    let guessed = guess(found, &Given::default());
    let mut text = String::from(
        "# A card says what a model is fed and what is in it. Put it beside the model, with the\n\
         # ending .toml, or name it with --card. Every line may be left out.\n\n",
    );
    let head = Card {
        name: Some(name.to_owned()),
        ..Card::default()
    };
    text.push_str(&head.to_toml()?);
    text.push_str("# licence = \"MIT\"\n# citation = \"\"\n# trained_on = \"\"\n");
    for words in guessed.remarks() {
        text.push_str(&format!("\n# {}", words.replace(['\n', '\r'], " ")));
    }
    text.push('\n');
    let unknown = |name: &str| format!("# What the input {name:?} is given is not known:\n");
    for name in &guessed.unknown {
        text.push_str(&unknown(name));
        text.push_str(&format!(
            "# [[input]]\n# name = {name:?}\n# role = {{ kind = \"constant\", value = 0.0, dims = [] }}\n"
        ));
    }
    if guessed.front_end.is_none() {
        text.push_str(&format!(
            "# [front_end]\n# kind = \"waveform\"    # or {}\n",
            FrontEnd::KINDS.get(1..).unwrap_or_default().join(", ")
        ));
    }
    let body = Card {
        front_end: guessed.front_end,
        embedding: guessed.embedding,
        inputs: guessed
            .inputs
            .into_iter()
            .filter(|binding| guessed.several || binding.role != InputRole::Features)
            .collect(),
        ..Card::default()
    };
    text.push_str(&body.to_toml()?);
    Ok(text)
}

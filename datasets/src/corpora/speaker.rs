//! What corpora say of speakers, in our words.

/// `f` or `m`, from the words corpora use; none for any other.
pub(super) fn sex(words: &str) -> Option<&'static str> {
    match words.trim().to_lowercase().as_str() {
        "f" | "female" | "female_feminine" | "woman" | "girl" => Some("f"),
        "m" | "male" | "male_masculine" | "man" | "boy" => Some("m"),
        _ => None,
    }
}

/// An age in years as a number; none for text and for ages nobody has.
pub(super) fn age(words: &str) -> Option<String> {
    let words = words.trim();
    let years: f64 = words.parse().ok()?;
    (years > 0.0 && years <= 120.0).then(|| words.to_owned())
}

/// The middle of the decade that Common Voice and its descendants call by a word.
pub(super) fn decade(words: &str) -> Option<&'static str> {
    Some(match words.trim().to_lowercase().as_str() {
        "teens" => "15",
        "twenties" => "25",
        "thirties" => "35",
        "fourties" | "forties" => "45",
        "fifties" => "55",
        "sixties" => "65",
        "seventies" => "75",
        "eighties" => "85",
        "nineties" => "95",
        _ => return None,
    })
}

/// What a note says where ages come from [`decade`].
pub(super) const DECADES: &str =
    "`age` is the middle of the decade that was declared, and `age_band` keeps the word";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_letters_and_numbers_or_nothing() {
        let sexes = ["F", "male_masculine", "female", "other", "transgender", ""].map(sex);
        assert_eq!(sexes, [Some("f"), Some("m"), Some("f"), None, None, None]);
        let ages = ["23", "1234", "-", "0", "6.5", "inf"].map(age);
        assert_eq!(
            ages,
            [
                Some("23".to_owned()),
                None,
                None,
                None,
                Some("6.5".to_owned()),
                None
            ]
        );
        assert_eq!(decade("fourties"), decade("Forties"));
    }
}

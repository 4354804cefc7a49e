//! Sentences for voices that are fed phonemes: text, and how it is said.
//!
//! They were written for Phonoscope and are free of anybody's rights. The phoneme strings are
//! General American in the notation of the Kokoro voices (IPA, with capital letters for diphthongs
//! and one sign for each affricate; stress stands before the vowel). Together they hold every
//! phoneme of [`PHONEMES`].

/// A sentence and how it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentence {
    /// As it is written.
    pub text: &'static str,
    /// As it is said, in the signs of [`PHONEMES`] and [`MARKS`].
    pub phonemes: &'static str,
}

/// The phonemes of the sentences: vowels, then diphthongs (`A` as in *day*, `I` *my*, `O` *go*, `W` *now*, `Y`
/// *boy*), then consonants.
pub const PHONEMES: &str = "ɑæəᵊᵻɛɜiɪɔuʊʌAIOWYbdfhjklmnpstvwzðŋɡɹʃʒʤʧθ";

/// Signs that are no phonemes: main and secondary stress, word boundary, end.
pub const MARKS: &str = "ˈˌ .";

/// The sentences, the most varied first: two of them hold two thirds of the phonemes.
pub const SENTENCES: [Sentence; 10] = [
    Sentence {
        text: "The judge measured both yellow boats with a thick rope.",
        phonemes: "ðə ʤˈʌʤ mˈɛʒəɹd bˈOθ jˈɛlO bˈOts wɪð ə θˈɪk ɹˈOp.",
    },
    Sentence {
        text: "Five young voices echoed now through the church.",
        phonemes: "fˈIv jˈʌŋ vˈYsᵻz ˈɛkOd nˈW θɹu ðə ʧˈɜɹʧ.",
    },
    Sentence {
        text: "The old bridge near the harbor shakes when trucks go by.",
        phonemes: "ði ˈOld bɹˈɪʤ nˌɪɹ ðə hˈɑɹbəɹ ʃˈAks wɛn tɹˈʌks ɡˌO bˈI.",
    },
    Sentence {
        text: "Please bring four fresh loaves and a jar of honey.",
        phonemes: "plˈiz bɹˈɪŋ fˈɔɹ fɹˈɛʃ lˈOvz ænd ə ʤˈɑɹ əv hˈʌni.",
    },
    Sentence {
        text: "A cold fog hid the whole valley until noon.",
        phonemes: "ə kˈOld fˈɔɡ hˈɪd ðə hˈOl vˈæli əntˈɪl nˈun.",
    },
    Sentence {
        text: "His brother usually paints houses in the summer.",
        phonemes: "hɪz bɹˈʌðəɹ jˈuʒuəli pˈAnts hˈWzᵻz ɪn ðə sˈʌməɹ.",
    },
    Sentence {
        text: "We chose smooth white tiles for the kitchen floor.",
        phonemes: "wi ʧˈOz smˈuð wˈIt tˈIlz fɔɹ ðə kˈɪʧᵊn flˈɔɹ.",
    },
    Sentence {
        text: "Nothing in that box belongs to my cousin.",
        phonemes: "nˈʌθɪŋ ɪn ðˈæt bˈɑks bəlˈɔŋz tə mI kˈʌzᵊn.",
    },
    Sentence {
        text: "The first bird looked at us and sang all morning.",
        phonemes: "ðə fˈɜɹst bˈɜɹd lˈʊkt ət ˌʌs ænd sˈæŋ ˈɔl mˈɔɹnɪŋ.",
    },
    Sentence {
        text: "Put your wet shoes outside and join us by the fire.",
        phonemes: "pˈʊt jʊɹ wˈɛt ʃˈuz ˌWtsˈId ænd ʤˈYn ˌʌs bI ðə fˈIəɹ.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn signs(sentences: &[Sentence]) -> BTreeSet<char> {
        sentences.iter().flat_map(|s| s.phonemes.chars()).collect()
    }

    #[test]
    fn the_sentences_use_the_stated_signs_and_all_of_them() {
        let stated: BTreeSet<char> = PHONEMES.chars().chain(MARKS.chars()).collect();
        assert_eq!(signs(&SENTENCES), stated);
    }

    #[test]
    fn the_first_two_are_the_most_varied() {
        let count = |set: BTreeSet<char>| set.iter().filter(|c| PHONEMES.contains(**c)).count();
        let all = PHONEMES.chars().count();
        let leading = count(signs(&SENTENCES[..2]));
        assert!(3 * leading >= 2 * all, "{leading} of {all}");
    }

    #[test]
    fn words_are_said_in_order_and_as_many_as_are_written() {
        let mut texts = BTreeSet::new();
        for sentence in SENTENCES {
            let written = sentence.text.split(' ').count();
            let said = sentence.phonemes.split(' ').count();
            assert_eq!(written, said, "{}", sentence.text);
            assert!(sentence.text.ends_with('.') && sentence.phonemes.ends_with('.'));
            assert!(texts.insert(sentence.text));
        }
    }

    #[test]
    fn stress_stands_before_a_vowel() {
        let vowels = PHONEMES.split('b').next().unwrap();
        for sentence in SENTENCES {
            let signs: Vec<char> = sentence.phonemes.chars().collect();
            for pair in signs.windows(2) {
                if matches!(pair[0], 'ˈ' | 'ˌ') {
                    assert!(vowels.contains(pair[1]), "{pair:?} in {}", sentence.text);
                }
            }
        }
    }
}

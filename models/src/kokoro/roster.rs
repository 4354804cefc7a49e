//! Who the voices are.

use std::fmt;

/// Sex of a voice, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoiceSex {
    /// Second letter `f`.
    Female,
    /// Second letter `m`.
    Male,
}

impl fmt::Display for VoiceSex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Female => "F",
            Self::Male => "M",
        })
    }
}

/// One voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// Its published name: language, sex, name.
    pub name: &'static str,
    /// The authors' own grade of quality and amount of training data; given for the English voices.
    pub grade: Option<&'static str>,
}

impl Voice {
    /// Sex, from the name.
    pub fn sex(&self) -> VoiceSex {
        match self.name.as_bytes().get(1) {
            Some(b'm') => VoiceSex::Male,
            _ => VoiceSex::Female,
        }
    }

    /// The language that the voice was trained to speak (BCP 47), from the name.
    pub fn language(&self) -> &'static str {
        match self.name.as_bytes().first() {
            Some(b'a') => "en-US",
            Some(b'b') => "en-GB",
            Some(b'e') => "es",
            Some(b'f') => "fr",
            Some(b'h') => "hi",
            Some(b'i') => "it",
            Some(b'j') => "ja",
            Some(b'p') => "pt-BR",
            Some(b'z') => "zh",
            _ => "und",
        }
    }

    /// Path of the voice's styles inside the npm package's archive.
    pub(super) fn member(&self) -> String {
        format!("package/voices/{}.bin", self.name)
    }
}

const fn english(name: &'static str, grade: &'static str) -> Voice {
    Voice {
        name,
        grade: Some(grade),
    }
}

const fn other(name: &'static str) -> Voice {
    Voice { name, grade: None }
}

/// All voices, in name order.
pub const VOICES: [Voice; 54] = [
    english("af_alloy", "C"),
    english("af_aoede", "C+"),
    english("af_bella", "A-"),
    english("af_heart", "A"),
    english("af_jessica", "D"),
    english("af_kore", "C+"),
    english("af_nicole", "B-"),
    english("af_nova", "C"),
    english("af_river", "D"),
    english("af_sarah", "C+"),
    english("af_sky", "C-"),
    english("am_adam", "F+"),
    english("am_echo", "D"),
    english("am_eric", "D"),
    english("am_fenrir", "C+"),
    english("am_liam", "D"),
    english("am_michael", "C+"),
    english("am_onyx", "D"),
    english("am_puck", "C+"),
    english("am_santa", "D-"),
    english("bf_alice", "D"),
    english("bf_emma", "B-"),
    english("bf_isabella", "C"),
    english("bf_lily", "D"),
    english("bm_daniel", "D"),
    english("bm_fable", "C"),
    english("bm_george", "C"),
    english("bm_lewis", "D+"),
    other("ef_dora"),
    other("em_alex"),
    other("em_santa"),
    other("ff_siwis"),
    other("hf_alpha"),
    other("hf_beta"),
    other("hm_omega"),
    other("hm_psi"),
    other("if_sara"),
    other("im_nicola"),
    other("jf_alpha"),
    other("jf_gongitsune"),
    other("jf_nezumi"),
    other("jf_tebukuro"),
    other("jm_kumo"),
    other("pf_dora"),
    other("pm_alex"),
    other("pm_santa"),
    other("zf_xiaobei"),
    other("zf_xiaoni"),
    other("zf_xiaoxiao"),
    other("zf_xiaoyi"),
    other("zm_yunjian"),
    other("zm_yunxi"),
    other("zm_yunxia"),
    other("zm_yunyang"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_say_language_and_sex() {
        assert!(VOICES.windows(2).all(|pair| pair[0].name < pair[1].name));
        let count = |fits: &dyn Fn(&Voice) -> bool| VOICES.iter().filter(|v| fits(v)).count();
        assert_eq!(count(&|v| v.sex() == VoiceSex::Female), 29);
        assert_eq!(count(&|v| v.language().starts_with("en")), 28);
        assert_eq!(
            count(&|v| v.language().starts_with("en") != v.grade.is_some()),
            0
        );
        assert_eq!(count(&|v| v.language() == "und"), 0);
        let letters =
            |v: &Voice| v.name.as_bytes()[1..3] == *b"f_" || v.name.as_bytes()[1..3] == *b"m_";
        assert_eq!(count(&letters), 54);
    }
}

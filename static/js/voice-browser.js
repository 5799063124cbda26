// The browser's own voices, only those that need no network: a hall may have none.
const PATIENCE = 15_000;
const SPOKEN_DIGITS = "零幺二三四五六七八九";

const apart = (code) => [...code].join(" ");
const readOut = (code) => [...code].map((sign) => SPOKEN_DIGITS[sign] ?? sign).join("");

const LANGUAGES = {
  zh: {
    tag: "zh-cn",
    text: (code, counter) => `请${readOut(code)}号，到${counter}号窗口。`,
    short: (code, counter) => `${readOut(code)}，${counter}号窗口。`,
  },
  yue: {
    tag: "zh-hk",
    text: (code, counter) => `請${apart(code)}號，到${counter}號窗口。`,
    short: (code, counter) => `${apart(code)}，${counter}號窗口。`,
  },
  en: {
    tag: "en",
    text: (code, counter) => `Ticket ${apart(code)}, please go to counter ${counter}.`,
    short: (code, counter) => `${apart(code)}, counter ${counter}.`,
  },
};

/** A voice of this machine that speaks the language, if it has one. */
export function localVoice(language) {
  const tag = LANGUAGES[language]?.tag;
  return globalThis.speechSynthesis?.getVoices().find(
    (voice) => voice.localService && voice.lang.replace("_", "-").toLowerCase().startsWith(tag),
  );
}

/** Speaks one call; resolves when it is over, with a name for what was heard, if it was. */
export async function utter(language, voice, code, counter, isRush) {
  const say = LANGUAGES[language][isRush ? "short" : "text"];
  const utterance = new SpeechSynthesisUtterance(say(code, counter));
  Object.assign(utterance, { voice, lang: voice.lang, rate: isRush ? 1.1 : 0.9 });
  const isHeard = await new Promise((resolve) => {
    utterance.addEventListener("end", () => resolve(true));
    utterance.addEventListener("error", () => resolve(false));
    setTimeout(() => resolve(true), PATIENCE); // some browsers forget to say that they are done
    speechSynthesis.speak(utterance);
  });
  speechSynthesis.cancel();
  return isHeard ? [`${language}/browser`] : [];
}

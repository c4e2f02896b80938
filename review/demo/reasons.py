"""What does each referral of the demonstration allege? Placeholders in six languages, no two alike."""

from dataclasses import dataclass
from typing import Final

SECURITY: Final = "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
FRAUD: Final = "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
SPEECH: Final = "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
VIOLENCE: Final = "STATEMENT_CATEGORY_VIOLENCE"


@dataclass(frozen=True)
class DemoText:
    """A placeholder reason with its language and the category that the sender alleges."""

    language: str
    category: str
    content_type: str
    reason: str


@dataclass(frozen=True)
class _Phrases:
    """What is put together to one sentence: what there is, and a circumstance.

    Their numbers have no common divisor, so that as many sentences differ as there are pairs.
    """

    language: str
    category: str
    content_type: str
    mark: str
    things: tuple[str, ...]
    circumstances: tuple[str, ...]

    def sentence(self, number: int) -> str:
        """The sentence of that number, in brackets."""
        thing = self.things[number % len(self.things)]
        return f"[{self.mark}: {thing}{self.circumstances[number % len(self.circumstances)]}]"


_PHRASES: Final = (
    _Phrases(
        "en",
        SECURITY,
        "video",
        "placeholder",
        (
            "a video praises a made-up group",
            "a song honours a made-up group",
            "a speech calls a made-up group heroes",
            "a clip shows the flag of a made-up group with approval",
            "an interview recruits for a made-up group",
            "a march carries the emblem of a made-up group",
            "a trailer promotes a made-up group",
            "a puppet play celebrates a made-up group",
        ),
        (
            ", in the invented town of Northby",
            ", at an imaginary harbour",
            ", before the festival of umbrellas",
            ", with a drum in the background",
            ", with subtitles in an invented language",
            ", on the channel paper-kite",
            ", put up again under another title",
            ", in the second part of three",
            ", from minute two on",
        ),
    ),
    _Phrases(
        "de",
        FRAUD,
        "text",
        "Platzhalter",
        (
            "ein Beitrag gibt sich als erfundene Bank aus",
            "ein Beitrag gibt sich als erfundenes Postamt aus",
            "ein Konto ahmt einen erfundenen Laden nach",
            "eine Nachricht wirbt im Namen einer erfundenen Versicherung",
            "ein Angebot verspricht Geld einer erfundenen Stiftung",
            "eine Anzeige verkauft Karten eines erfundenen Theaters",
            "ein Beitrag sammelt für einen erfundenen Verein",
            "ein Gewinnspiel beruft sich auf eine erfundene Messe",
        ),
        (
            ", mit kopiertem Namen",
            ", mit nachgemachtem Siegel",
            ", unter einem Bild von Beispielhausen",
            ", zum zweiten Mal in dieser Woche",
            ", mit der Bitte um Antwort bis Freitag",
            ", in drei gleichen Fassungen",
            ", mit einer ungültigen Nummer",
            ", am Tag des Drachenfests",
            ", ohne jede Anschrift",
        ),
    ),
    _Phrases(
        "fr",
        SPEECH,
        "image",
        "texte fictif",
        (
            "une image insulte les amateurs de pluie",
            "un dessin se moque des collectionneurs de boutons",
            "une affiche traite de menteurs les pêcheurs d'un lac imaginaire",
            "un montage ridiculise les joueurs de triangle",
            "une carte insulte les habitants d'une île inventée",
            "une photo rabaisse les amis des escargots",
            "un autocollant injurie les lecteurs de nuages",
            "une vignette accuse les jardiniers d'une planète inventée",
        ),
        (
            ", avec une légende en rouge",
            ", en trois exemplaires",
            ", sous un faux nom d'auteur",
            ", devant une gare imaginaire",
            ", le jour de la fête des parapluies",
            ", avec un hamster couronné",
            ", dans un vieil album",
            ", dans un cadre doré",
            ", avec un poème",
        ),
    ),
    _Phrases(
        "ar",
        SECURITY,
        "video",
        "نص تجريبي",
        (
            "مقطع يمدح جماعة خيالية",
            "أغنية تكرم جماعة خيالية",
            "خطاب يصف جماعة خيالية بالأبطال",
            "مقطع يعرض راية جماعة خيالية باستحسان",
            "مقابلة تدعو إلى الانضمام إلى جماعة خيالية",
            "مسيرة تحمل شعار جماعة خيالية",
            "إعلان يروج لجماعة خيالية",
            "مسرحية دمى تحتفي بجماعة خيالية",
        ),
        (
            " في مدينة خيالية",
            " قرب ميناء متخيل",
            " قبل مهرجان المظلات",
            " مع طبل في الخلفية",
            " مع ترجمة إلى لغة مخترعة",
            " في قناة الطائرة الورقية",
            " تحت عنوان آخر",
            " في الجزء الثاني من ثلاثة",
            " ابتداء من الدقيقة الثانية",
        ),
    ),
    _Phrases(
        "he",
        FRAUD,
        "text",
        "טקסט לדוגמה",
        (
            "רשומה מתחזה לבנק בדוי",
            "רשומה מתחזה לסניף דואר בדוי",
            "חשבון מחקה חנות בדויה",
            "הודעה מפרסמת בשם חברת ביטוח בדויה",
            "הצעה מבטיחה כסף מקרן בדויה",
            "מודעה מוכרת כרטיסים לתיאטרון בדוי",
            "רשומה אוספת תרומות לעמותה בדויה",
            "הגרלה נערכת בשם יריד בדוי",
        ),
        (
            ", עם שם מועתק",
            ", עם חותם מזויף",
            ", תחת תמונה של עיר דמיונית",
            ", בפעם השנייה השבוע",
            ", עם בקשה להשיב עד יום שישי",
            ", בשלושה נוסחים זהים",
            ", עם מספר שאינו קיים",
            ", ביום חג העפיפונים",
            ", בלי פרטי קשר",
        ),
    ),
    _Phrases(
        "ru",
        SPEECH,
        "document",
        "пример текста",
        (
            "документ оскорбляет любителей дождя",
            "памфлет высмеивает собирателей пуговиц",
            "листовка называет лжецами рыбаков вымышленного озера",
            "статья унижает игроков на треугольнике",
            "письмо оскорбляет жителей выдуманного острова",
            "рассказ насмехается над друзьями улиток",
            "брошюра бранит читателей облаков",
            "очерк обвиняет садовников вымышленной планеты",
        ),
        (
            ", с красным заголовком",
            ", в трёх копиях",
            ", под чужим именем",
            ", у воображаемого вокзала",
            ", в день праздника зонтов",
            ", с хомяком в короне",
            ", из старого альбома",
            ", в золотой рамке",
            ", вместе со стихами",
        ),
    ),
)
LANGUAGES: Final = tuple(phrases.language for phrases in _PHRASES)

_THREATS: Final = {
    "en": "[placeholder: the post threatens to hurt a made-up person at the imaginary station tomorrow]",
    "de": "[Platzhalter: der Beitrag droht, morgen am erfundenen Bahnhof eine erfundene Person zu verletzen]",
    "fr": "[texte fictif : le message menace de blesser demain une personne inventée à la gare imaginaire]",
    "ar": "[نص تجريبي: المنشور يهدد بإيذاء شخص خيالي غدا في محطة متخيلة]",
    "he": "[טקסט לדוגמה: הרשומה מאיימת לפגוע מחר באדם בדוי בתחנת רכבת דמיונית]",
    "ru": "[пример текста: запись угрожает завтра ранить вымышленного человека на воображаемом вокзале]",
}


def text_of(number: int, *, threat: bool) -> DemoText:
    """What the referral of that number alleges; ``threat``: to somebody's life."""
    phrases = _PHRASES[number % len(_PHRASES)]
    if threat:
        return DemoText(phrases.language, VIOLENCE, phrases.content_type, _THREATS[phrases.language])
    sentence = phrases.sentence(number // len(_PHRASES))
    return DemoText(phrases.language, phrases.category, phrases.content_type, sentence)

"""The portal's own sentences about answers of devices, made known for retelling."""

from django.utils.translation import gettext_noop, override

from common.retelling import register_sentences
from common.sentences import SENTENCES

ANSWERS = (
    gettext_noop("The device's answer is not a property list."),
    gettext_noop("The device's answer is not a dictionary."),
    gettext_noop("The device's answer has no list of profiles."),
    gettext_noop("The device's answer does not tell data roaming."),
    gettext_noop("The device rejects the format."),
    gettext_noop("The device answered with an error."),
    gettext_noop("The device answered with the status %(status)s."),
    gettext_noop("The agent's answer cannot be read."),
    gettext_noop("The agent's answer does not tell every state asked for."),
    gettext_noop("Not as told: %(states)s."),
)

register_sentences(ANSWERS)
with override("en"):  # refusals are kept as the sentences that every app shares
    register_sentences([str(sentence) for sentence in SENTENCES.values()])

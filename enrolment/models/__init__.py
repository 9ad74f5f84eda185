from enrolment.models.enrolment import Enrolment, How
from enrolment.models.enrolment_settings import EnrolmentSettings
from enrolment.models.invitation import Invitation
from enrolment.models.sms_message import SmsMessage

__all__ = ["Enrolment", "EnrolmentSettings", "How", "Invitation", "SmsMessage"]

"""The published language of leads."""

from schemas.leads.conversion import Conversion as Conversion
from schemas.leads.conversion import ConvertLead as ConvertLead
from schemas.leads.events import EVENTS as EVENTS
from schemas.leads.events import VIEW as VIEW
from schemas.leads.imports import IMPORT_FIELDS as IMPORT_FIELDS
from schemas.leads.imports import ImportRows as ImportRows
from schemas.leads.imports import read_row as read_row
from schemas.leads.intake import AuthorizeSubject as AuthorizeSubject
from schemas.leads.intake import CreateLead as CreateLead
from schemas.leads.intake import SubjectAuthorization as SubjectAuthorization
from schemas.leads.intake import UpdateLead as UpdateLead
from schemas.leads.lead import Lead as Lead
from schemas.leads.lists import LEADS as LEADS
from schemas.leads.pool import ClaimLead as ClaimLead

/* What the words of the report mean; printed at its end in every format. */
#include "reports/model.h"

const struct definition report_definitions[] = {
	{ "Bounce", "a receiver's notice that one message was not delivered to one recipient. One message and recipient count once, however "
		"often the notice comes." },
	{ "Hard", "the address does not work and will not; it is suppressed at once." },
	{ "Soft", "a passing condition; delivery is tried again on a ladder of growing waits, and the address is paused when that does not help." },
	{ "Block", "the receiver refuses us, not the address: reputation, content, authentication or policy. The sender has to act." },
	{ "Undetermined", "the notice does not say why." },
	{ "Complaint", "a recipient marked our mail as spam and the provider told us by a feedback loop; the address is suppressed." },
	{ "Attributed", "the returned mail is proven or shown to be ours. Only such notices make the figures of this report; the others stand "
		"under \"Origin of the notices\"." },
	{ "Month and day", "by the time at which the notice arrived here, not by what it says of itself." },
	{ "Shares", "parts of the notices, not of the mail sent." },
	{ "Sent", "mails to one recipient each, by the day on which they were sent: as the sending system says, else by the mail server's log what was "
		"delivered or finally refused. A deferral is an attempt, not a mail. Own mailboxes, bounces and mail of others do not count." },
	{ "Rates", "attributed notices that arrived in the month, divided by mails sent in the same month, to the same provider, in the same campaign: "
		"bounces for the bounce rate, each class for its own, complaints for the complaint rate. Where nobody says how much was sent there is no rate." },
	{ NULL, NULL },
};

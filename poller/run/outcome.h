/* What became of a delivery attempt, as a mail log tells it and the wire carries it. */
#ifndef RETOUR_OUTCOME_H
#define RETOUR_OUTCOME_H

#define LOG_OUTCOMES(X) \
	X(LOG_DELIVERED, "delivered") \
	X(LOG_DEFERRED, "deferred") \
	X(LOG_THROTTLED, "throttled") \
	X(LOG_REJECTED, "rejected")
#define LOG_ENUM(symbol, name) symbol,
enum log_outcome {
	LOG_OUTCOMES(LOG_ENUM) LOG_OUTCOME_COUNT
}; /* THROTTLED: deferred, with 421 or 4.7.x */
#undef LOG_ENUM

#endif

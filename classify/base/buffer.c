/* Bytes on the heap. */
#include "classify/base/buffer.h"

#include <stdlib.h>

void buffer_free(struct buffer *b)
{
	free(b->p);
	*b = (struct buffer){ NULL, 0 };
}

/* processors.h - how many processors there are to work with. */
#ifndef OM_BASE_PROCESSORS_H
#define OM_BASE_PROCESSORS_H

/* How many this process may use (taskset and a container's set of processors
 * count); at least 1. */
int om_processors(void);

#endif

/* graph_record.h - what graph.c and graph_ops.c share. */
#ifndef OM_NN_GRAPH_RECORD_H
#define OM_NN_GRAPH_RECORD_H

#include "nn/graph_internal.h"
#include "nn/params_internal.h"

enum { OM_NAME_BYTES = OM_SCOPE_BYTES + 64 };

/* True when there is a mistake, or when v is none of the graph's values (which
 * then is one). g may be NULL. */
bool om_graph_is_wrong(om_graph *g, om_value v);
/* SCOPE.NAME + suffix; the parts may be empty. False: too long. */
bool om_graph_name(om_graph *g, char out[OM_NAME_BYTES], const char *name,
                   const char *suffix);
/* OM_NO_VALUE after a mistake. */
om_value om_graph_add_value(om_graph *g, om_shape s, int node);
om_value om_graph_add_node(om_graph *g, om_node n, om_shape out);

#endif

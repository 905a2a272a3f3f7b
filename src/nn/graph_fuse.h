/* graph_fuse.h - which nodes of a graph are done as one step.
 *
 * A rule of the graph, not of a back end: in bf16 the result of a step is
 * rounded and what passes inside it is not, so `ref`, which computes node by
 * node, rounds where `dnnl`, which computes step by step, does. */
#ifndef OM_NN_GRAPH_FUSE_H
#define OM_NN_GRAPH_FUSE_H

#include "nn/graph_internal.h"

enum { OM_NO_FUSION = -1, OM_FUSE_POSTS = 3 };

/* Nodes done as one step; -1: none. */
typedef struct om_fusion {
    int main;    /* the node that names the step */
    int pre_add; /* group norm: an ADD of one row per picture before it */
    int silu;    /* group norm: the UNARY after it */
    int post[OM_FUSE_POSTS]; /* product: UNARY and ADD nodes after it */
    int n_posts;
    int geglu; /* linear: the GEGLU after it */
    int last;  /* its out is the step's result */
} om_fusion;

/* list: an array of g->n_nodes, filled in the order of `last`; returns how
 * many, or -1 for no memory. */
int om_graph_fuse(const om_graph *g, om_fusion *list);

/* exact[g->n_values]: values that pass inside a step and are never stored, so
 * that a back end that stores 16 bits does not round them. What goes from a
 * linear layer to its GEGLU is stored for a moment. False: no memory. */
bool om_graph_find_exact(const om_graph *g, bool *exact);

#endif

/* g_autoptr for our own structs, which have no typedef: AUTO(rid) r = rid_parse(...) frees r at the
 * end of its scope. A module offers it with DEFINE_AUTO(rid, rid_free) in its header. */
#ifndef CORE_AUTO_H
#define CORE_AUTO_H

#define DEFINE_AUTO(type, free_function)                                                           \
    static inline void auto_##type(struct type **p)                                                \
    {                                                                                              \
        if (*p)                                                                                    \
            free_function(*p);                                                                     \
    }

#define AUTO(type) __attribute__((cleanup(auto_##type))) struct type *

#endif

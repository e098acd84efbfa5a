/* The SANE backend `rig`: the functions of SANE's API (sane.h says what each does), under the names by which
   libsane's dll backend looks for them in libsane-rig.so.1. */
#ifndef RIG_SCANNER_BACKEND_H
#define RIG_SCANNER_BACKEND_H

#include <sane/sane.h>

SANE_Status sane_rig_init(SANE_Int *version_code, SANE_Auth_Callback authorize);
void sane_rig_exit(void);
SANE_Status sane_rig_get_devices(const SANE_Device ***device_list, SANE_Bool local_only);
SANE_Status sane_rig_open(SANE_String_Const name, SANE_Handle *handle);
void sane_rig_close(SANE_Handle handle);
const SANE_Option_Descriptor *sane_rig_get_option_descriptor(SANE_Handle handle, SANE_Int option);
SANE_Status sane_rig_control_option(SANE_Handle handle, SANE_Int option, SANE_Action action, void *value,
                                    SANE_Int *info);
SANE_Status sane_rig_get_parameters(SANE_Handle handle, SANE_Parameters *parameters);
SANE_Status sane_rig_start(SANE_Handle handle);
SANE_Status sane_rig_read(SANE_Handle handle, SANE_Byte *data, SANE_Int max_length, SANE_Int *length);
void sane_rig_cancel(SANE_Handle handle);
SANE_Status sane_rig_set_io_mode(SANE_Handle handle, SANE_Bool non_blocking);
SANE_Status sane_rig_get_select_fd(SANE_Handle handle, SANE_Int *fd);

#endif

"""Principal axes of a source."""

from array_api_compat import array_namespace

from workflow_scripts.common.errors import InputError


def check_alphas(alphas):
    """Refuse penalties that define no unique fit with more units than stimuli.

    Raises
    ------
    InputError
        If there is none, or one that is not a positive number.
    """
    if not len(alphas) or not min(alphas) > 0:
        raise InputError(f"method parameter alphas: found {alphas!r}, expected positive numbers")


def principal_axes(Z):
    """Thin singular value decomposition without the directions that are zero but for rounding.

    With fewer stimuli than units it is that of the stimuli's Gram matrix, which is much smaller.

    Parameters
    ----------
    Z : array, shape (n_stimuli, n_units)

    Returns
    -------
    U : array, shape (n_stimuli, k)
    s : array, shape (k,)
        In descending order.
    Vt : array, shape (k, n_units)
    """
    xp = array_namespace(Z)
    rounding = max(Z.shape) * xp.finfo(Z.dtype).eps
    if Z.shape[0] < Z.shape[1]:
        power, U = xp.linalg.eigh(Z @ Z.T)
        rank = int(xp.count_nonzero(power > power[-1] * rounding))
        s = xp.sqrt(xp.flip(power[-rank:]))
        U = xp.flip(U[:, -rank:], axis=1)
        return U, s, (U / s).T @ Z
    U, s, Vt = xp.linalg.svd(Z, full_matrices=False)
    rank = int(xp.count_nonzero(s > s[0] * rounding))
    return U[:, :rank], s[:rank], Vt[:rank]

// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Consents: granted, used, withdrawn
/// @notice A consent id is the EIP-712 digest of salted terms, so neither firm nor bank nor purpose nor question is here. The
/// controllers' signature of the terms is checked off chain by who proves and by who checks the evidence; the chain keeps
/// order, time, number of uses, and withdrawal.
///
/// A consent's life:
///
///     None --grant--> Live --withdraw, withdrawByRelayer--> Withdrawn     final
///
/// Expiry and exhaustion are no states: they follow from the time and from the uses. See isLive.
///
/// Storage layout (k . s is keccak256(abi.encode(k, s))):
///
///     slot 0   mapping(bytes32 id => Consent), at c = id . 0
///              c + 0: state (bits 0-7), grantedAt (8-47), notBefore (48-87), expiresAt (88-127), maxUses (128-159),
///                     uses (160-191), withdrawnAt (192-231)
///              c + 1: revocationHash
interface IConsentRegistry {
    /// @notice None: never granted. Live: granted and not withdrawn. Withdrawn: final.
    enum State {
        None,
        Live,
        Withdrawn
    }

    /// @notice Why a use was not counted.
    enum Refusal {
        Unknown,
        Withdrawn,
        NotYetValid,
        Expired,
        Exhausted
    }

    /// @notice A consent; times in seconds since 1970, usable in [notBefore, expiresAt).
    struct Consent {
        State state;
        uint40 grantedAt;
        uint40 notBefore;
        uint40 expiresAt;
        uint32 maxUses;
        uint32 uses;
        uint40 withdrawnAt;
        bytes32 revocationHash;
    }

    /// @notice A consent was granted, and recorded by this relayer.
    /// @dev Invariant: once for an id, before any other event of that id but UseRefused(Unknown).
    event ConsentGranted(
        bytes32 indexed id, bytes32 indexed relayer, uint64 notBefore, uint64 expiresAt, uint32 maxUses
    );

    /// @notice A consent was withdrawn: by its secret (relayer is zero), or by a relayer on a signed request.
    /// @dev Invariant: once for an id; no UseRecorded of that id follows.
    event ConsentWithdrawn(bytes32 indexed id, bytes32 indexed relayer);

    /// @notice A use was counted; `uses` counts this one.
    /// @dev Invariant: the consent was live; uses of an id count up from 1 without a gap to maxUses at most. A use id is
    /// the recorder's own: the chain does not refuse one that it has seen.
    event UseRecorded(bytes32 indexed consentId, bytes32 indexed useId, uint32 uses);

    /// @notice A use was refused, and the consent is unchanged.
    event UseRefused(bytes32 indexed consentId, bytes32 indexed useId, Refusal reason);

    /// @notice A consent id is not zero.
    error ConsentIdZero();
    /// @notice The id was granted before.
    error ConsentExists(bytes32 id);
    /// @notice The id was never granted.
    error ConsentUnknown(bytes32 id);
    /// @notice The consent would be over already.
    error ConsentExpired(bytes32 id);
    /// @notice The period is empty, or ends after 2^40 - 1.
    error ConsentPeriodInvalid(bytes32 id, uint64 notBefore, uint64 expiresAt);
    /// @notice A consent is good for at least one use.
    error ConsentUsesZero(bytes32 id);
    /// @notice A consent can always be withdrawn by a secret.
    error ConsentRevocationHashZero(bytes32 id);
    /// @notice The consent was withdrawn.
    error ConsentNotLive(bytes32 id);
    /// @notice The secret is not the one that the consent was granted with.
    error ConsentWrongSecret(bytes32 id);
    /// @notice Both lists have the same length.
    error UseListsUneven(uint256 ids, uint256 useIds);
    /// @notice At most 1,024 uses at a time.
    error UseListTooLong(uint256 length, uint256 limit);

    /// @notice Records a grant. RELAYER only (by the sender's key).
    /// @param revocationHash keccak256(0x40 || secret)
    function grant(bytes32 id, uint64 notBefore, uint64 expiresAt, uint32 maxUses, bytes32 revocationHash)
        external;

    /// @notice Withdraws by showing the secret. Anyone: who front-runs it has the same effect.
    function withdraw(bytes32 id, bytes32 secret) external;

    /// @notice Withdraws on the controllers' signed request, so that a lost secret traps nobody. RELAYER only.
    function withdrawByRelayer(bytes32 id) external;

    /// @notice Counts uses, entry by entry; a bad entry is refused in an event and leaves the others alone.
    /// DEPARTMENT or RELAYER only.
    function recordUses(bytes32[] calldata ids, bytes32[] calldata useIds) external;

    /// @notice The consent as stored; State.None if never granted.
    function consent(bytes32 id) external view returns (Consent memory);

    /// @notice Whether a use would be counted now: granted, not withdrawn, in its time, uses left.
    function isLive(bytes32 id) external view returns (bool);

    /// @notice Whether the id was ever granted.
    function exists(bytes32 id) external view returns (bool);
}

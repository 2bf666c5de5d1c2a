// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Consents: requested, granted or refused, used, paused, withdrawn
/// @notice A consent id is the EIP-712 digest of salted terms, so neither firm nor bank nor purpose nor question is here. The
/// controllers' signature of the terms is checked off chain by who proves and by who checks the evidence; the chain keeps
/// order, time, number of uses, and withdrawal.
///
/// A request's life (a bank asks; its id is the digest of what it asks for, under a salt of its own):
///
///     None --request--> Open --grant--> Granted     final
///                       Open --refuse--> Refused    final
///
/// A consent's life (its id is the digest of what the controllers signed; with a request or without one):
///
///     None --grant--> Live <--pause, resume--> Paused
///                     Live, Paused --withdraw, withdrawByRelayer--> Withdrawn     final
///
/// Expiry and exhaustion are no states: they follow from the time and from the uses. See isLive. What controllers sign to
/// pause or resume names the number of the change, so that it counts once.
///
/// Storage layout (k . s is keccak256(abi.encode(k, s))):
///
///     slot 0   mapping(bytes32 id => Consent), at c = id . 0
///              c + 0: state (bits 0-7), grantedAt (8-47), notBefore (48-87), expiresAt (88-127), maxUses (128-159),
///                     uses (160-191), withdrawnAt (192-231), changes (232-255)
///              c + 1: revocationHash
///     slot 1   mapping(bytes32 id => RequestState), at id . 1
interface IConsentRegistry {
    /// @notice None: never granted. Live: granted and neither paused nor withdrawn. Withdrawn: final.
    enum State {
        None,
        Live,
        Withdrawn,
        Paused
    }

    /// @notice None: never asked. Open: not answered yet. Granted, Refused: final.
    enum RequestState {
        None,
        Open,
        Granted,
        Refused
    }

    /// @notice Why a use was not counted.
    enum Refusal {
        Unknown,
        Withdrawn,
        NotYetValid,
        Expired,
        Exhausted,
        Paused
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
        uint24 changes;
        bytes32 revocationHash;
    }

    /// @notice Somebody asks for a consent; recorded by this relayer.
    /// @dev Invariant: once for an id, before any other event of that id.
    event ConsentRequested(bytes32 indexed requestId, bytes32 indexed relayer);

    /// @notice A request was answered with a consent.
    /// @dev Invariant: at most one of RequestGranted and RequestRefused for an id; the consent is granted in the same transaction.
    event RequestGranted(bytes32 indexed requestId, bytes32 indexed id);

    /// @notice A request was answered with a no.
    event RequestRefused(bytes32 indexed requestId, bytes32 indexed relayer);

    /// @notice A consent was granted, and recorded by this relayer.
    /// @dev Invariant: once for an id, before any other event of that id but UseRefused(Unknown).
    event ConsentGranted(
        bytes32 indexed id, bytes32 indexed relayer, uint64 notBefore, uint64 expiresAt, uint32 maxUses
    );

    /// @notice A consent was withdrawn: by its secret (relayer is zero), or by a relayer on a signed request.
    /// @dev Invariant: once for an id; no UseRecorded of that id follows.
    event ConsentWithdrawn(bytes32 indexed id, bytes32 indexed relayer);

    /// @notice A consent was paused, or a paused one goes on; `change` counts up from 1 without a gap.
    /// @dev Invariant: no UseRecorded between a pause and the change after it.
    event ConsentPaused(bytes32 indexed id, bytes32 indexed relayer, uint24 change);
    event ConsentResumed(bytes32 indexed id, bytes32 indexed relayer, uint24 change);

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
    /// @notice A consent is paused once.
    error ConsentAlreadyPaused(bytes32 id);
    /// @notice Only a paused consent goes on.
    error ConsentNotPaused(bytes32 id);
    /// @notice The controllers signed another number of change than the next one.
    error ConsentChangeNumberWrong(bytes32 id, uint24 number, uint24 next);
    /// @notice A request id is not zero.
    error RequestIdZero();
    /// @notice The request was made before.
    error RequestExists(bytes32 requestId);
    /// @notice The request was never made, or is answered.
    error RequestNotOpen(bytes32 requestId);
    /// @notice The secret is not the one that the consent was granted with.
    error ConsentWrongSecret(bytes32 id);
    /// @notice Both lists have the same length.
    error UseListsUneven(uint256 ids, uint256 useIds);
    /// @notice At most 1,024 uses at a time.
    error UseListTooLong(uint256 length, uint256 limit);

    /// @notice Records that somebody asks. RELAYER only (by the sender's key).
    function request(bytes32 requestId) external;

    /// @notice Records that a request is refused, on the controllers' signed word. RELAYER only.
    function refuse(bytes32 requestId) external;

    /// @notice Records a grant. RELAYER only.
    /// @param revocationHash keccak256(0x40 || secret)
    /// @param requestId the open request that this answers, or zero
    function grant(
        bytes32 id,
        uint64 notBefore,
        uint64 expiresAt,
        uint32 maxUses,
        bytes32 revocationHash,
        bytes32 requestId
    ) external;

    /// @notice Pauses a live consent on the controllers' signed request, which names `number`, the next change. RELAYER only.
    function pause(bytes32 id, uint24 number) external;

    /// @notice Lets a paused consent go on, as `pause`. RELAYER only.
    function resume(bytes32 id, uint24 number) external;

    /// @notice Withdraws by showing the secret. Anyone: who front-runs it has the same effect.
    function withdraw(bytes32 id, bytes32 secret) external;

    /// @notice Withdraws on the controllers' signed request, so that a lost secret traps nobody. RELAYER only.
    function withdrawByRelayer(bytes32 id) external;

    /// @notice Counts uses, entry by entry; a bad entry is refused in an event and leaves the others alone.
    /// DEPARTMENT or RELAYER only.
    function recordUses(bytes32[] calldata ids, bytes32[] calldata useIds) external;

    /// @notice The consent as stored; State.None if never granted.
    function consent(bytes32 id) external view returns (Consent memory);

    /// @notice Where a request stands.
    function requestState(bytes32 requestId) external view returns (RequestState);

    /// @notice Whether a use would be counted now: granted, neither paused nor withdrawn, in its time, uses left.
    function isLive(bytes32 id) external view returns (bool);

    /// @notice Whether the id was ever granted.
    function exists(bytes32 id) external view returns (bool);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Consents: requested, granted or refused, used, paused, withdrawn
/// @notice A consent id is the EIP-712 digest of salted terms and of the bounds, so neither firm nor bank nor purpose nor
/// question is here. The contract computes it itself. The chain keeps order, time, the numbers that were used, and
/// withdrawal.
///
/// Authority comes from signatures, never from who sends. Three fresh keys act for a consent, and nobody else:
///
///     spendKey         of the bank: spends uses
///     stewardKey       of the firm: words a grant, pauses, resumes, withdraws
///     withdrawal secret, whose hash is in the bounds: withdraws
///
/// The keys are no new trust: what a grant, a resumption or a withdrawal rests on stays the controllers' signatures over
/// readable words, checked off chain and in evidence. The chain binds them by their digest when the act is recorded, so
/// that nobody signs later for what was recorded without them.
///
/// A request's life (a bank asks; its id is the digest of what it asks for, under a salt of its own, and of the answer key,
/// which travels with the request off the chain, and without which nobody answers):
///
///     None --request--> Open --grant--> Granted     final
///                       Open --refuse--> Refused    final
///
/// A consent's life:
///
///     None --grant--> Live <--pause, resume--> Paused
///                     Live, Paused --withdraw, withdrawBySteward--> Withdrawn     final
///     None --withdraw, withdrawBySteward--> Withdrawn: a tombstone (grantedAt is 0); the id is never granted
///
/// Expiry and exhaustion are no states: they follow from the time and from the numbers used. See isLive. Each change that
/// the steward key signs has the next number of the consent's changes, so that it counts once.
///
/// While the members are frozen nothing is recorded here but withdrawals and tombstones. Uses go by a copy of the flag, since
/// asking the members would cost each verification a tenth more: anyone brings it up to date, and the proposal that freezes
/// calls followFreeze as well.
///
/// Signed under the domain {name: "Credence", version: "1", chainId, verifyingContract: this contract}:
///
///     Consent(Terms terms,Bounds bounds)                    by the controllers; its digest is the consent's id
///     Request(Asked asked,address answerKey)                by the bank; its digest is the request's id
///     Grant(bytes32 consent,bytes32 signaturesDigest)       by stewardKey
///     Answer(bytes32 request,bytes32 consent)               by answerKey; consent is zero for a refusal
///     Change(bytes32 consent,uint24 number,uint8 kind,bytes32 wordDigest)                by stewardKey
///     Use(bytes32 consent,uint32 number,bytes32 ticket,uint64 notAfter)                  by spendKey
///     Terms(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,
///         string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint32 retentionDays,bytes32 salt,
///         string language,bytes32 textDigest,bytes32 wording,string[] departmentNames)
///     Bounds(uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint64 grantBefore,address spendKey,address stewardKey,
///         bytes32 withdrawalHash)
///     Asked(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,
///         string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint64 notBefore,uint64 expiresAt,
///         uint32 maxUses,uint32 retentionDays,address spendKey,bytes32 salt)
///
/// Storage layout (made for eth_getProof; k . s is keccak256(abi.encode(k, s))):
///
///     slot 0, 1   unused fallbacks of the EIP-712 domain's name and version
///     slot 2   mapping(bytes32 id => Consent), at c = id . 2
///              c + 0: state (bits 0-7), grantedAt (8-47), notBefore (48-87), expiresAt (88-127), maxUses (128-135),
///                     changes (136-159), changedAt (160-199)
///              c + 1: spendKey (bits 0-159), used (160-255): bit 160 + n - 1 is set once number n was used
///              c + 2: usesDigest: the id from the grant on, then keccak256(abi.encode(usesDigest before, number, ticket,
///                     time of the block)) for each use
///              c + 3: grantDigest = keccak256(abi.encode(withdrawalHash, signaturesDigest))
///              c + 4: wordDigest of the last change that the steward key signed
///     slot 3   mapping(bytes32 requestId => RequestState), at id . 3
///     slot 4   bool usesFrozen
interface IConsentRegistry {
    /// @notice None: neither granted nor withdrawn. Live: granted and neither paused nor withdrawn. Withdrawn: final.
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

    /// @notice What the steward key signs after the grant.
    enum ChangeKind {
        None,
        Pause,
        Resume,
        Withdraw
    }

    /// @notice Why a use was not counted; None: it was. Unknown and SignatureWrong say nothing about the bank; of every other one the
    /// spend key did sign the use.
    enum Refusal {
        None,
        Unknown,
        SignatureWrong,
        Withdrawn,
        Paused,
        NotYetValid,
        Expired,
        TooLate,
        NumberInvalid,
        NumberUsed
    }

    /// @notice What a grant may not leave, in seconds since 1970: usable in [notBefore, expiresAt), recorded before
    /// grantBefore, used at most maxUses times, by these keys.
    struct Bounds {
        uint64 notBefore;
        uint64 expiresAt;
        uint32 maxUses;
        uint64 grantBefore;
        address spendKey;
        address stewardKey;
        bytes32 withdrawalHash;
    }

    /// @notice The answer key's word for a grant that answers a request; answerKey zero: the grant answers none.
    struct Answering {
        bytes32 askedHash;
        address answerKey;
        bytes signature;
    }

    /// @notice A use with the spend key's signature in its short form (EIP-2098).
    struct SignedUse {
        bytes32 consent;
        uint32 number;
        bytes32 ticket;
        uint64 notAfter;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A consent as stored. `changedAt` is when it was last paused, resumed or withdrawn.
    struct Consent {
        State state;
        uint40 grantedAt;
        uint40 notBefore;
        uint40 expiresAt;
        uint8 maxUses;
        uint24 changes;
        uint40 changedAt;
        address spendKey;
        uint96 used;
        bytes32 usesDigest;
        bytes32 grantDigest;
        bytes32 wordDigest;
    }

    /// @notice Somebody asks for a consent; recorded by this relayer, by this key.
    /// @dev Invariant: once for an id, before any other event of that id.
    event ConsentRequested(bytes32 indexed requestId, bytes32 indexed relayer, address key);

    /// @notice A request was answered with a consent.
    /// @dev Invariant: at most one of RequestGranted and RequestRefused for an id; the answer key signed for this consent,
    /// which is granted in the same transaction.
    event RequestGranted(bytes32 indexed requestId, bytes32 indexed id);

    /// @notice A request was answered with a no, by the answer key's signature; sent by this key of this member, if any.
    event RequestRefused(bytes32 indexed requestId, bytes32 indexed sender, address key);

    /// @notice A consent was granted, and recorded by this relayer, by this key.
    /// @dev Invariant: once for an id, before any other event of that id but UseRefused(Unknown); id is the digest of
    /// termsHash and bounds; block time is grantedAt, below grantBefore and expiresAt; the steward key signed for
    /// signaturesDigest.
    event ConsentGranted(
        bytes32 indexed id,
        bytes32 indexed relayer,
        address key,
        uint64 grantedAt,
        bytes32 termsHash,
        Bounds bounds,
        bytes32 signaturesDigest
    );

    /// @notice A consent was withdrawn: by its secret (change is zero), or by the steward key as its `change`th change.
    /// Sent by this key of this member, if any.
    /// @dev Invariant: once for an id; no UseRecorded of that id follows, and no ConsentGranted: without one before it, this
    /// is a tombstone.
    event ConsentWithdrawn(
        bytes32 indexed id,
        bytes32 indexed sender,
        address key,
        uint24 change,
        uint64 withdrawnAt,
        bytes32 wordDigest
    );

    /// @notice A consent was paused by the steward key; `change` counts up from 1 without a gap. Sent by this key of this
    /// member, if any.
    /// @dev Invariant: no UseRecorded between a pause and the change after it.
    event ConsentPaused(
        bytes32 indexed id,
        bytes32 indexed sender,
        address key,
        uint24 change,
        uint64 pausedAt,
        bytes32 wordDigest
    );

    /// @notice A paused consent goes on, by the steward key's word for the controllers' signed one.
    /// @dev Invariant: wordDigest is not zero. Whoever relies on the consent asks for the word itself.
    event ConsentResumed(
        bytes32 indexed id,
        bytes32 indexed sender,
        address key,
        uint24 change,
        uint64 resumedAt,
        bytes32 wordDigest
    );

    /// @notice A use was counted, in a transaction that this key sent.
    /// @dev Invariant: the consent was live; the spend key signed it; number is from 1 to maxUses and comes once for an id,
    /// in any order; what is sent twice counts once.
    event UseRecorded(bytes32 indexed consent, uint32 number, bytes32 ticket, uint64 usedAt, address key);

    /// @notice A use was refused, and the consent is unchanged.
    event UseRefused(bytes32 indexed consent, uint32 number, bytes32 ticket, Refusal reason, address key);

    /// @notice No use is counted from now on, or uses are again, as the council decided for everything.
    event UsesFrozenChanged(bool frozen);

    /// @notice The id was granted before.
    error ConsentExists(bytes32 id);
    /// @notice The id was never granted.
    error ConsentUnknown(bytes32 id);
    /// @notice The consent would be over already.
    error ConsentExpired(bytes32 id);
    /// @notice The grant was to be recorded before this time.
    error ConsentGrantLate(bytes32 id, uint64 grantBefore);
    /// @notice The period is empty, or ends after 2^40 - 1.
    error ConsentPeriodInvalid(bytes32 id, uint64 notBefore, uint64 expiresAt);
    /// @notice A consent is good for 1 to 96 uses.
    error ConsentUsesInvalid(bytes32 id, uint32 maxUses, uint32 limit);
    /// @notice A consent has a spend key and a steward key.
    error ConsentKeyZero(bytes32 id);
    /// @notice A consent can always be withdrawn by a secret.
    error ConsentWithdrawalHashZero(bytes32 id);
    /// @notice A grant binds the controllers' signatures.
    error ConsentSignaturesDigestZero(bytes32 id);
    /// @notice The steward key of the bounds did not sign this.
    error ConsentSignatureWrong(bytes32 id);
    /// @notice The secret is not the one whose hash is in the bounds.
    error ConsentWrongSecret(bytes32 id);
    /// @notice The consent was withdrawn, perhaps before it was granted.
    error ConsentNotLive(bytes32 id);
    /// @notice A consent is paused once.
    error ConsentAlreadyPaused(bytes32 id);
    /// @notice Only a paused consent goes on.
    error ConsentNotPaused(bytes32 id);
    /// @notice The steward key signed another number of change than the next one.
    error ConsentChangeNumberWrong(bytes32 id, uint24 number, uint24 next);
    /// @notice A resumption binds the controllers' signed word.
    error ConsentWordDigestZero(bytes32 id);
    /// @notice A request id is not zero.
    error RequestIdZero();
    /// @notice The request was made before.
    error RequestExists(bytes32 requestId);
    /// @notice The request was never made, or is answered.
    error RequestNotOpen(bytes32 requestId);
    /// @notice The answer key did not sign this answer.
    error RequestSignatureWrong(bytes32 requestId);
    /// @notice At most 500 uses at a time.
    error UseListTooLong(uint256 length, uint256 limit);

    /// @notice Records that somebody asks. RELAYER only, by a key with the purpose `relay`, since nothing here is signed: the
    /// id says nothing, and a request that nobody has the answer key of stays open for ever.
    function request(bytes32 requestId) external;

    /// @notice Records that a request is refused. Anyone: the answer key signed it.
    /// @param askedHash the struct hash of what was asked for; with answerKey it leads to the request's id
    function refuse(bytes32 askedHash, address answerKey, bytes calldata signature) external;

    /// @notice Records a grant, and answers a request with it if `answering` names one. RELAYER only, by a key with the
    /// purpose `relay`: anyone can make up bounds and sign for them, and what is recorded stays for ever.
    /// @param termsHash the struct hash of the terms, which are salted
    /// @param signaturesDigest the digest of the controllers' signatures of the id, in their one form
    /// @param word the steward key's signature of Grant
    function grant(
        bytes32 termsHash,
        Bounds calldata bounds,
        bytes32 signaturesDigest,
        bytes calldata word,
        Answering calldata answering
    ) external returns (bytes32 id);

    /// @notice Pauses a live consent. Anyone: the steward key signed it.
    /// @param number the next change of this consent
    /// @param wordDigest the digest of what controllers signed for it, or zero
    function pause(
        bytes32 termsHash,
        Bounds calldata bounds,
        uint24 number,
        bytes32 wordDigest,
        bytes calldata signature
    ) external;

    /// @notice Lets a paused consent go on, as `pause`; wordDigest is not zero. Anyone: the steward key signed it.
    function resume(
        bytes32 termsHash,
        Bounds calldata bounds,
        uint24 number,
        bytes32 wordDigest,
        bytes calldata signature
    ) external;

    /// @notice Withdraws by showing the secret, granted or not. Anyone, also while the members are frozen: who front-runs it
    /// has the same effect.
    function withdraw(bytes32 termsHash, Bounds calldata bounds, bytes32 secret) external;

    /// @notice Withdraws by the steward key's signature, granted or not, so that a lost secret traps nobody. Anyone, also
    /// while the members are frozen.
    function withdrawBySteward(
        bytes32 termsHash,
        Bounds calldata bounds,
        uint24 number,
        bytes32 wordDigest,
        bytes calldata signature
    ) external;

    /// @notice Takes over whether the members are frozen, for uses. Anyone: it only copies.
    function followFreeze() external;

    /// @notice Counts one use, or refuses it in an event, as recordUses; alone it is cheaper so. Anyone.
    function recordUse(SignedUse calldata use) external;

    /// @notice Counts uses, entry by entry; a bad entry is refused in an event and leaves the others alone. Anyone: the spend
    /// key of each consent signed them, so who sends them decides nothing.
    function recordUses(SignedUse[] calldata uses) external;

    /// @notice The consent as stored; State.None if neither granted nor withdrawn.
    function consent(bytes32 id) external view returns (Consent memory);

    /// @notice Where a request stands.
    function requestState(bytes32 requestId) external view returns (RequestState);

    /// @notice Whether a use would be counted now: granted, neither paused nor withdrawn, in its time, a number left.
    function isLive(bytes32 id) external view returns (bool);

    /// @notice Whether the id was ever granted; a tombstone was not.
    function exists(bytes32 id) external view returns (bool);

    /// @notice Whether uses are refused because the council has stopped everything.
    function usesFrozen() external view returns (bool);

    /// @notice The id that terms and bounds have under this chain and contract.
    function consentId(bytes32 termsHash, Bounds calldata bounds) external view returns (bytes32);

    /// @notice The id that a request has under this chain and contract.
    function requestIdOf(bytes32 askedHash, address answerKey) external view returns (bytes32);
}
